#!/usr/bin/env python3
"""Translation speed of a run on a file of Spanish sentences, one a line.

    python scripts/benchmarks/benchmark_translation.py runs/tatoeba sentences.txt
    python scripts/benchmarks/peer_torch_translate.py runs/tatoeba sentences.txt --beam 5      # to compare with

The last line is a JSON object: `greedy` and `beam_5`, each with

    sentences_per_s, target_tokens_per_s   in the loop: text in, text out, the run already loaded; median of --rounds

and, for the program as a whole,

    states_per_s             sentences a second of `inspect-state`'s loop
    load_s                   reading the run
    compile_s                what the first sentence takes longer than the same one later (nothing is compiled)
    first_line_s             from the shell to the translation of one sentence, median of --rounds
    tensorflow_import_s      `python -c "import tensorflow"` for comparison, median of --rounds
    peak_rss_mb              most memory the process took
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
    """Parse the flags, run, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("run", type=Path, help="directory that s2s train wrote")
    parser.add_argument("file", type=Path, help="Spanish sentences, one a line")
    parser.add_argument("--rounds", type=int, default=5)
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
    one = f"{lines[0]}\n".encode()
    command = [sys.executable, "-m", "s2s", "translate", str(flags.run)]
    figures["first_line_s"] = round(_median(flags.rounds, lambda: _run(command, one)), 2)
    importing = [sys.executable, "-c", "import tensorflow"]
    figures["tensorflow_import_s"] = round(_median(flags.rounds, lambda: _run(importing, b"")), 2)
    figures["peak_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(figures))


def _median(rounds: int, work: Callable[[], Any]) -> float:
    """Median of the seconds that `work` takes."""
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
