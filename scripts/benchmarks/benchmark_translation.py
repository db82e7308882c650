#!/usr/bin/env python3
"""Measure the translation speed of a run on a file of Spanish sentences, one per line.

    python scripts/benchmarks/benchmark_translation.py runs/tatoeba sentences.txt
    python scripts/benchmarks/peer_torch_translate.py runs/tatoeba sentences.txt --beam 5      # for comparison

The last line of stdout is a JSON object.  Its objects `greedy` and `beam_5` (beam search with 5 hypotheses) have

    sentences_per_s, target_tokens_per_s   from text to text, without loading the run; median of --rounds

The other keys are

    states_per_s             sentences encoded per second, median of --rounds
    load_s                   seconds to load the run
    compile_s                seconds by which the first translation is slower than later ones; nothing is compiled
    first_line_s             seconds of `s2s translate` for one sentence, start of the program included; median
    tensorflow_import_s      seconds of `python -c "import tensorflow"` for comparison; median
    peak_rss_mb              peak memory of the process, MiB
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from s2s.run import Run
from s2s.translation.search import SearchOptions
from s2s.translation.translator import Translator


def main() -> None:
    """Parse the arguments, translate, print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="run directory of s2s train")
    parser.add_argument("file", type=Path, help="text file, one Spanish sentence per line")
    parser.add_argument("--rounds", type=int, default=5, help="repetitions of each measurement (default: %(default)s)")
    flags = parser.parse_args()
    lines = flags.file.read_text(encoding="utf-8").splitlines()
    started = time.perf_counter()
    translator = Translator(Run(flags.run))
    figures: dict[str, Any] = {"load_s": round(time.perf_counter() - started, 3)}
    first, *later = (_median(1, lambda: translator.translate(lines[:1])) for _ in range(flags.rounds + 1))
    figures["compile_s"] = round(max(first - statistics.median(later), 0.0), 3)
    for name, beam in (("greedy", 1), ("beam_5", 5)):
        options = SearchOptions(beam)
        seconds = _median(flags.rounds, partial(translator.translate, lines, options))
        tokens = sum(best[0].subwords for best in translator.translate(lines, options))
        figures[name] = {
            "sentences_per_s": round(len(lines) / seconds, 1),
            "target_tokens_per_s": round(tokens / seconds, 1),
        }
    figures["states_per_s"] = round(len(lines) / _median(flags.rounds, lambda: translator.encode(lines)), 1)
    first_line = f"{lines[0]}\n".encode()
    command = [sys.executable, "-m", "s2s", "translate", str(flags.run)]
    figures["first_line_s"] = round(_median(flags.rounds, lambda: _run(command, first_line)), 2)
    import_command = [sys.executable, "-c", "import tensorflow"]
    figures["tensorflow_import_s"] = round(_median(flags.rounds, lambda: _run(import_command, b"")), 2)
    figures["peak_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(figures))


def _median(rounds: int, work: Callable[[], Any]) -> float:
    """Median duration of `rounds` calls of `work`, in seconds."""
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def _run(command: list[str], stdin: bytes) -> None:
    subprocess.run(command, input=stdin, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
