"""`s2s inspect-state`: from lines of text to files, pictures and neighbours of their states."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj

import numpy as np

from s2s.data.compression import STANDARD
from s2s.data.corpus import read_lines
from s2s.errors import InputError
from s2s.outputs import output_directory, output_file, require_directory, require_writable, scratch_directory
from s2s.process import report
from s2s.run import Run
from s2s.states import plots, storage
from s2s.states.neighbours import nearest
from s2s.states.similarity import cosines, read_scored_pairs, spearman
from s2s.translation.state import Floats, sentence_vectors, state_shape
from s2s.translation.streams import CHUNK_LINES, TextInput, open_output, read_chunks
from s2s.translation.translator import Translator


@dataclass(frozen=True)
class Outputs:
    """What to make of the states; at least one of output, plot, projector and neighbours."""

    output: Path | None = None
    """.npy or .npz file of the states, or STANDARD."""
    all_layers: bool = False
    """Whether the output has h and c of every layer, [lines, layers, 2, units]; else h of the top layer, [lines, units]."""
    npz: bool = False
    """Whether the output is an .npz that holds the sentences too."""
    trace: bool = False
    """Whether output (an .npz) and plot are of the state after every subword, not only of the last one."""
    plot: Path | None = None
    """Picture: a map of the sentences, or with `trace` a heat map of each."""
    labels: Path | None = None
    """File with a label for each line, by which the map is coloured."""
    projector: Path | None = None
    """Directory for TensorBoard's Embedding Projector."""
    neighbours: int = 0
    """Number of nearest sentences of the corpus to print for each line."""
    corpus: Path | None = None
    """Text, a sentence a line, or an .npz that was written before."""

    similarity: bool = False
    """Whether the input is a TSV file of two sentences a line, whose similarity is printed; nothing else is made."""

    def check(self) -> None:
        """Raise InputError for outputs that contradict each other or cannot be written, before there is work."""
        others = (self.output, self.plot, self.projector, self.neighbours)
        if self.similarity and any((*others, self.all_layers, self.npz, self.trace, self.labels, self.corpus)):
            raise InputError("--similarity only prints cosines; leave out the options of other outputs")
        if not any((*others, self.similarity)):
            raise InputError(
                "inspect-state: name an output: --output, --plot, --projector, --neighbours or --similarity"
            )
        if bool(self.neighbours) != bool(self.corpus):
            raise InputError("--neighbours and --corpus go together: how many, and of which sentences")
        if self.trace and (self.projector or self.neighbours or self.labels or self.all_layers):
            raise InputError("--trace goes with --output and --plot only")
        if self.output == STANDARD and (self.trace or self.npz or self.neighbours):
            raise InputError("--output -: stdout takes an .npy, and nothing beside it; name a file")
        if self.labels and not self.plot:
            raise InputError("--labels colours a map; name it with --plot")
        for path, option in ((self.output, "--output"), (self.plot, "--plot")):
            if path and path != STANDARD:
                require_writable(path, option)
        if self.plot:
            plots.require_plot(self.plot)
        if self.projector:
            require_directory(self.projector, "--projector")


def inspect(run: Run, source: TextInput, outputs: Outputs) -> None:
    """Make the outputs from the states of the source's lines.  A blank line has a state too: that of EOS alone."""
    translator = Translator(run)
    if outputs.trace:
        return _inspect_traces(translator, [line for chunk in read_chunks(source) for line in chunk], outputs)
    # Only outputs that show the text need all of it in memory.
    lines: list[str] | None = [] if outputs.npz or outputs.plot or outputs.projector else None
    row_shape = state_shape(run.config.model) if outputs.all_layers else (run.config.model.units,)
    with _states_file(outputs) as path:
        with open(path, "wb") as file:
            blocks = encode_chunks(translator, _collect(read_chunks(source), lines), outputs.all_layers)
            shape = storage.write_npy(file, blocks, row_shape)
        states: Floats = np.load(path, mmap_mode="r") if shape[0] else np.zeros(shape, np.float32)
        if outputs.output == STANDARD:
            with open(path, "rb") as file, open_output(STANDARD) as output:
                copyfileobj(file, output)
        elif outputs.output and outputs.npz:
            with output_file(outputs.output) as temporary:
                storage.write_npz(temporary, path, lines or [], translator.network.encoder_fingerprint())
        _show(translator, sentence_vectors(states) if outputs.all_layers else states, lines or [], source.name, outputs)
    if outputs.output:
        name = "stdout" if outputs.output == STANDARD else outputs.output
        report(f"{name}: float32 {list(shape)}")


def print_similarity(run: Run, path: Path) -> None:
    """Print the cosine of the two Spanish sentences of each line of a TSV file, and the line.

    Where the file has people's scores, Spearman's correlation of the cosines with them goes to stderr.
    """
    pairs, translator = read_scored_pairs(path), Translator(run)
    first, second = (
        np.concatenate([*encode_chunks(translator, _chunks(texts), all_layers=False)])
        for texts in (pairs.first, pairs.second)
    )
    similar = cosines(first, second)
    with open_output(STANDARD) as output:
        for cosine, *texts in zip(similar.tolist(), pairs.first, pairs.second, strict=True):
            output.write("\t".join([f"{cosine:.4f}", *texts]).encode() + b"\n")
    if pairs.scores:
        report(
            f"Spearman's correlation with the scores: {spearman(similar, pairs.scores):.4f} of {len(similar):,} pairs"
        )


def _chunks(lines: list[str]) -> Iterator[list[str]]:
    return (lines[start : start + CHUNK_LINES] for start in range(0, len(lines), CHUNK_LINES))


def encode_chunks(translator: Translator, chunks: Iterable[list[str]], all_layers: bool) -> Iterator[Floats]:
    """The states of chunks of lines: [lines, layers, 2, units], or h of the top layer, [lines, units]."""
    for chunk in chunks:
        states = translator.encode(chunk)
        yield states if all_layers else sentence_vectors(states)


def _show(translator: Translator, vectors: Floats, lines: list[str], name: str, outputs: Outputs) -> None:
    if outputs.plot:
        if not lines:
            raise InputError(f"--plot: {name} has no line to plot")
        plots.plot_map(np.asarray(vectors), lines, outputs.plot, _read_labels(outputs.labels, len(lines)))
        report(f"{outputs.plot}: map of {len(lines)} states")
    if outputs.projector:
        words = [str(len(line.split())) for line in lines]
        with output_directory(outputs.projector, "--projector"):
            storage.write_projector(outputs.projector, vectors, {"sentence": lines, "words": words})
        report(f"{outputs.projector}: {len(lines)} states; tensorboard --logdir {outputs.projector}")
    if outputs.corpus:
        sentences, corpus = _read_corpus(translator, outputs.corpus)
        places, cosines = nearest(vectors, corpus, outputs.neighbours)
        with open_output(STANDARD) as output:
            for number, row in enumerate(zip(places.tolist(), cosines.tolist(), strict=True), 1):
                for place, cosine in zip(*row, strict=True):
                    output.write(f"{number}\t{cosine:.4f}\t{sentences[place]}\n".encode())


def _inspect_traces(translator: Translator, lines: list[str], outputs: Outputs) -> None:
    if not lines:
        raise InputError("--trace: there is no line to read")
    traces = translator.trace(lines)
    if outputs.output:
        with output_file(outputs.output) as temporary:
            storage.write_traces(temporary, traces)
        report(f"{outputs.output}: states of {len(lines)} lines after every subword")
    if outputs.plot:
        plots.plot_traces(traces, outputs.plot)
        report(f"{outputs.plot}: heat maps of {min(len(lines), plots.TRACED)} lines")


@contextmanager
def _states_file(outputs: Outputs) -> Iterator[Path]:
    """Where the .npy is written: its place, or a temporary directory."""
    if outputs.output and outputs.output != STANDARD and not outputs.npz:
        with output_file(outputs.output) as path:
            yield path
    else:
        with scratch_directory() as directory:
            yield directory / "states.npy"


def _collect(chunks: Iterable[list[str]], lines: list[str] | None) -> Iterator[list[str]]:
    """The same chunks; their lines are added to `lines`."""
    for chunk in chunks:
        if lines is not None:
            lines += chunk
        yield chunk


def _read_labels(path: Path | None, count: int) -> list[str] | None:
    if path is None:
        return None
    labels = list(read_lines(path))
    if len(labels) != count:
        raise InputError(f"{path}: {len(labels)} labels for {count} sentences; one label a line")
    return labels


def _read_corpus(translator: Translator, path: Path) -> tuple[list[str], Floats]:
    """Sentences and their vectors, [n, units], of a text file or of an .npz that `inspect-state` wrote."""
    if path.suffix.lower() == ".npz":
        sentences, vectors = storage.read_npz(path, translator.config, translator.network.encoder_fingerprint())
    else:
        sentences = list(read_lines(path))
        empty = np.zeros((0, translator.config.units), np.float32)
        vectors = np.concatenate([empty, *encode_chunks(translator, _chunks(sentences), all_layers=False)])
    if not sentences:
        raise InputError(f"{path}: no sentence in the corpus")
    return sentences, vectors
