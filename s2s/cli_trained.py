"""The commands that use a trained run: translate, evaluate, inspect-state."""

from contextlib import ExitStack
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from s2s import cli_options as cli
from s2s.data_config import Format
from s2s.errors import InputError
from s2s.limits import TRANSLATE, require

if TYPE_CHECKING:
    from s2s.run import Run


def translate(
    run: cli.RunDirectory,
    inputs: cli.InputTexts = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="File to write, whole or not at all, .gz allowed; default: stdout."),
    ] = None,
    beam: cli.Beam = None,
    n_best: Annotated[
        int, typer.Option("--n-best", min=0, help="Print the N best translations as TSV: line number, score, text.")
    ] = 0,
    scores: Annotated[
        bool, typer.Option("--scores", help="Put the log-probability per subword and a tab before each line.")
    ] = False,
    sample: cli.Sample = False,
    temperature: cli.Temperature = 1.0,
    top_k: cli.TopK = None,
    top_p: cli.TopP = 1.0,
    seed: cli.Seed = 1,
    errors: cli.Errors = "strict",
    cut: cli.Cut = None,
    from_states: Annotated[
        Path | None,
        typer.Option("--from-states", metavar="STATES.npy", help="Decode these states instead of text; - is stdin."),
    ] = None,
) -> None:
    """Translate text: one line out for each line in, in order."""
    require(TRANSLATE)
    sampling_options = (temperature, top_k, top_p, seed) != (1.0, None, 1.0, 1)
    if (sample and beam) or (sampling_options and not sample):
        raise InputError(
            "--sample and --beam exclude each other; --temperature, --top-k, --top-p and --seed need --sample"
        )
    if n_best > (beam or cli.MOST) and not sample:
        raise InputError(
            f"--n-best {n_best}: more than the search keeps; give --beam {n_best} or more, at most {cli.MOST}"
        )
    beam = beam or (1 if sample else max(cli.BEAM, n_best))
    if from_states and (inputs or cut or errors != "strict"):
        raise InputError("--from-states: the states are the input; give no INPUT, --cut or --errors")
    from os.path import exists

    from s2s.outputs import require_writable

    if output and str(output) != "-":
        require_writable(output, "--output")
    with ExitStack() as open_files:
        from s2s.translation.streams import (
            OutputFormat,
            check_inputs,
            decode_states,
            open_input,
            open_output,
            translate_streams,
        )  # fmt: skip

        for path in inputs or []:
            if str(path) != "-" and not exists(path):  # Path.exists fails on a long sentence
                raise InputError(
                    f"{path}: no such file; to translate a sentence, pipe it: echo ... | s2s translate {run}"
                )
        check_inputs(inputs or [])
        sources: list[Path | None] = [*inputs] if inputs else [None]
        opened = _open_run(run)
        from s2s.translation.sampling import Sampling
        from s2s.translation.search import SearchOptions
        from s2s.translation.translator import Translator

        translator = Translator(opened, cut=cut)
        sampling = Sampling(temperature, top_k, top_p, seed, max(n_best, 1)) if sample else None
        options, output_format = SearchOptions(beam, sampling), OutputFormat(n_best, scores)
        sink = open_files.enter_context(open_output(output))
        if from_states:
            from s2s.states.storage import read_states

            states = read_states(from_states, translator.config, translator.network.encoder_fingerprint())
            decode_states(translator, states, sink, options, output_format)
        else:
            translate_streams(translator, map(open_input, sources), sink, options, output_format, errors)


def evaluate(
    run: cli.RunDirectory,
    tests: Annotated[
        list[Path],
        typer.Argument(
            metavar="TEST...", help="Pair file to score on, or aligned files: Spanish, English, more references."
        ),
    ],
    beam: cli.Beam = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Also write the translations to this file.")
    ] = None,
    pair_scores: Annotated[
        Path | None,
        typer.Option("--pair-scores", help="Only write each pair after its log-probability per subword, as TSV."),
    ] = None,
    source_column: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Spanish column: number from 1, or name; default: detected.")
    ] = None,
    target_column: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="English column, or columns of references with commas; default: detected."),
    ] = None,
    file_format: Annotated[Format, typer.Option("--format", help="Format of the pair file; auto: detected.")] = "auto",
    cut: cli.Cut = None,
    perturb: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES", help="Also score the sentences as people write them: all, or names such as typo,phone."
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN|FILE", help="Compare with another run, or with the lines of a system's translations."
        ),
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write source, translations and references as text files for other programs."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on the last line instead.")] = False,
) -> None:
    """Translate the Spanish side of a pair file and score it: BLEU and chrF by sacreBLEU, perplexity."""
    require(TRANSLATE)
    if pair_scores and (output or json or perturb or baseline or write or beam or cut):
        raise InputError(
            "--pair-scores only writes the scores of whole pairs; leave out --beam, --cut and the options of other outputs"
        )
    from s2s.data.corpus import read_pairs
    from s2s.data.dataset import layout_of_test
    from s2s.data.test_set import files_of_test, read_test_set
    from s2s.outputs import require_directory, require_writable

    for path, option in ((output, "--output"), (pair_scores, "--pair-scores")):
        if path and str(path) != "-":
            require_writable(path, option)
    if write:
        require_directory(write, "--write")
    opened = _open_run(run)
    files = files_of_test(list(map(str, tests)), file_format, source_column, target_column)
    layout = layout_of_test(files[0])
    from s2s.translation import evaluation
    from s2s.translation.comparison import Baseline, write_texts
    from s2s.translation.perturbed import parse_names
    from s2s.translation.search import SearchOptions
    from s2s.translation.streams import write_lines
    from s2s.translation.translator import Translator

    if pair_scores:
        write_lines(pair_scores, evaluation.score_pairs(opened, read_pairs(files, layout)))
        return
    perturbations = parse_names(perturb) if perturb is not None else ()
    test, options = read_test_set(files, layout), SearchOptions(beam or cli.BEAM)
    other = Baseline(baseline, test, options, cut) if baseline else None
    scores, translations = evaluation.evaluate(Translator(opened, cut=cut), test.references, options, perturbations)
    if other:
        scores["comparison"] = other.compare(translations)
    if output:
        write_lines(output, translations)
    if write:
        write_texts(write, test, translations, other)
    typer.echo(dumps(scores) if json else evaluation.format_scores(scores))


def inspect_state(
    run: cli.RunDirectory,
    source: cli.InputText = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="STATES.npy", help="File to write, .npy or .npz; - is stdout."),
    ] = None,
    layers: Annotated[
        Literal["top", "all"], typer.Option("--layers", help="top: h of the top layer; all: h and c of every layer.")
    ] = "top",
    file_format: Annotated[
        Literal["npy", "npz"] | None,
        typer.Option("--format", help="npz holds the sentences too; default: by the name."),
    ] = None,
    trace: Annotated[
        bool, typer.Option("--trace", help="The state after every subword, not only the last one (.npz).")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="Plot a map of the states, or the trace (.png, .svg, .pdf).")
    ] = None,
    labels: Annotated[Path | None, typer.Option("--labels", help="A label a line, to colour the map by.")] = None,
    projector: Annotated[
        Path | None,
        typer.Option("--projector", metavar="DIR", help="Write files for TensorBoard's Embedding Projector."),
    ] = None,
    neighbours: Annotated[
        int, typer.Option("--neighbours", min=0, metavar="K", help="Print the K nearest sentences of --corpus, as TSV.")
    ] = 0,
    corpus: Annotated[
        Path | None, typer.Option("--corpus", help="Sentences, one a line, or an .npz that inspect-state wrote.")
    ] = None,
    similarity: Annotated[
        bool,
        typer.Option(
            "--similarity", help="INPUT is TSV, two sentences and perhaps a score a line: print their cosine, as TSV."
        ),
    ] = False,
) -> None:
    """Write the encoder's final state of every line as float32 .npy, [lines, units]; plot it; find its neighbours."""
    require(TRANSLATE)
    from s2s.states.inspect_state import Outputs, inspect, print_similarity
    from s2s.translation.streams import open_input

    npz = file_format == "npz" or (file_format is None and output is not None and output.suffix.lower() == ".npz")
    outputs = Outputs(output, layers == "all", npz, trace, plot, labels, projector, neighbours, corpus, similarity)
    outputs.check()
    if similarity:
        if source is None or str(source) == "-":
            raise InputError("--similarity reads a file of pairs; name it")
        print_similarity(_open_run(run), source)
        return
    if [str(path) for path in (source or "-", labels, corpus)].count("-") > 1:
        raise InputError("-: stdin can be read once; name a file for INPUT, --labels or --corpus")
    with open_input(source) as opened_source:
        inspect(_open_run(run), opened_source, outputs)


def _open_run(path: Path) -> "Run":
    from s2s.run import Run

    return Run(path)
