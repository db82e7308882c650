"""`s2s inspect-state`: from lines of text to files, pictures and neighbours of their states."""

import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj

import numpy as np

from s2s import maps, states
from s2s.corpus import read_lines
from s2s.errors import InputError
from s2s.files import make_directory, require_writable, whole_file
from s2s.inference import Floats
from s2s.run import Run
from s2s.streams import LINES, Source, read_windows
from s2s.translator import Translator

STDOUT = Path("-")


@dataclass(frozen=True)
class Wanted:
    """What is to be made of the states; one of output, plot, projector and neighbours at least."""

    output: Path | None = None
    """.npy or .npz file of the states, or STDOUT."""
    all_layers: bool = False
    """h and c of every layer in the output, [lines, layers, 2, units]; else h of the top layer, [lines, units]."""
    npz: bool = False
    """The output is an .npz that holds the sentences too."""
    trace: bool = False
    """The state after every subword, instead of the last one: output (an .npz) and plot are of these."""
    plot: Path | None = None
    """Picture: a map, or with `trace` heat maps."""
    labels: Path | None = None
    """A label on each line, by which the map is coloured."""
    projector: Path | None = None
    """Directory for TensorBoard's Embedding Projector."""
    neighbours: int = 0
    """So many nearest sentences of the corpus are printed for each line."""
    corpus: Path | None = None
    """Text, a sentence a line, or an .npz that was written before."""

    def check(self) -> None:
        """Raise InputError for what does not go together or cannot be written, before there is work."""
        if not (self.output or self.plot or self.projector or self.neighbours):
            raise InputError("inspect-state: say what to make: --output, --plot, --projector or --neighbours")
        if bool(self.neighbours) != bool(self.corpus):
            raise InputError("--neighbours and --corpus go together: how many, and of which sentences")
        if self.trace and (self.projector or self.neighbours or self.labels or self.all_layers):
            raise InputError("--trace goes with --output and --plot only")
        if self.output == STDOUT and (self.trace or self.npz or self.neighbours):
            raise InputError("--output -: only an .npy goes to stdout, and nothing beside it; name a file")
        if self.labels and not self.plot:
            raise InputError("--labels colours a map; name it with --plot")
        for path, option in ((self.output, "--output"), (self.plot, "--plot")):
            if path and path != STDOUT:
                require_writable(path, option)
        if self.plot:
            maps.require_plot(self.plot)
        if self.projector:
            make_directory(self.projector, "--projector")


def inspect(run: Run, source: Source, wanted: Wanted) -> None:
    """Make what is wanted of the states of the source's lines; a blank line has one too, that of the end mark alone."""
    translator = Translator(run)
    if wanted.trace:
        return _inspect_traces(translator, [line for window in read_windows(source) for line in window], wanted)
    # Only what shows the text needs all of it in memory.
    lines: list[str] | None = [] if wanted.npz or wanted.plot or wanted.projector else None
    row = (run.config.model.layers, 2) * wanted.all_layers + (run.config.model.units,)
    with _states_file(wanted) as path:
        with open(path, "wb") as file:
            blocks = states.draw_all(translator, _kept(read_windows(source), lines), wanted.all_layers)
            shape = states.write_npy(file, blocks, row)
        vectors: Floats = np.load(path, mmap_mode="r") if shape[0] else np.zeros(shape, np.float32)
        if wanted.output == STDOUT:
            with open(path, "rb") as file:
                copyfileobj(file, sys.stdout.buffer)
        elif wanted.output and wanted.npz:
            with whole_file(wanted.output) as temporary:
                states.write_npz(temporary, path, lines or [])
        _show(translator, vectors[:, -1, 0] if wanted.all_layers else vectors, lines or [], source.name, wanted)
    if wanted.output:
        print(f"{wanted.output}: float32 {list(shape)}", file=sys.stderr)


def _show(translator: Translator, vectors: Floats, lines: list[str], name: str, wanted: Wanted) -> None:
    if wanted.plot:
        if not lines:
            raise InputError(f"--plot: {name} has no line to draw")
        maps.plot_map(np.asarray(vectors), lines, wanted.plot, _labels(wanted.labels, len(lines)))
    if wanted.projector:
        words = [str(len(line.split())) for line in lines]
        states.write_projector(wanted.projector, vectors, {"sentence": lines, "words": words})
    if wanted.corpus:
        sentences, corpus = _corpus(translator, wanted.corpus)
        places, cosines = states.neighbours(vectors, corpus, wanted.neighbours)
        for number, found in enumerate(zip(places.tolist(), cosines.tolist(), strict=True), 1):
            for place, cosine in zip(*found, strict=True):
                print(f"{number}\t{cosine:.4f}\t{sentences[place]}")


def _inspect_traces(translator: Translator, lines: list[str], wanted: Wanted) -> None:
    if not lines:
        raise InputError("--trace: there is no line to read")
    traces = translator.trace(lines)
    if wanted.output:
        with whole_file(wanted.output) as temporary:
            states.write_traces(temporary, traces)
        print(f"{wanted.output}: states of {len(lines)} lines after every subword", file=sys.stderr)
    if wanted.plot:
        maps.plot_traces(traces, wanted.plot)


@contextmanager
def _states_file(wanted: Wanted) -> Iterator[Path]:
    """Where the .npy is written: its place, or nowhere to stay."""
    if wanted.output and wanted.output != STDOUT and not wanted.npz:
        with whole_file(wanted.output) as path:
            yield path
    else:
        with tempfile.TemporaryDirectory() as directory:
            yield Path(directory) / "states.npy"


def _kept(windows: Iterable[list[str]], lines: list[str] | None) -> Iterator[list[str]]:
    """The same windows; their lines are added to `lines`."""
    for window in windows:
        if lines is not None:
            lines += window
        yield window


def _labels(path: Path | None, count: int) -> list[str] | None:
    if path is None:
        return None
    labels = list(read_lines(path))
    if len(labels) != count:
        raise InputError(f"{path}: {len(labels)} labels for {count} sentences; one label a line")
    return labels


def _corpus(translator: Translator, path: Path) -> tuple[list[str], Floats]:
    """Sentences and their states, [n, units], of a text file or of an .npz that `inspect-state` wrote."""
    if path.suffix != ".npz":
        sentences = list(read_lines(path))
        parts = (sentences[start : start + LINES] for start in range(0, len(sentences), LINES))
        empty = np.zeros((0, translator.config.units), np.float32)
        vectors = np.concatenate([empty, *states.draw_all(translator, parts, False)])
    else:
        try:
            with np.load(path, allow_pickle=False) as file:
                sentences, vectors = file["sentences"].tolist(), file["states"]
        except Exception as error:  # A damaged archive can raise nearly anything.
            raise InputError(f"{path}: no .npz of inspect-state ({error!r})") from None
        vectors = vectors[:, -1, 0] if vectors.ndim == 4 else vectors
        if vectors.shape != (len(sentences), translator.config.units) or vectors.dtype != np.float32:
            raise InputError(f"{path}: {vectors.dtype} {list(vectors.shape)} are no states of this run's sentences")
    if not sentences:
        raise InputError(f"{path}: no sentence in the corpus")
    return sentences, vectors
