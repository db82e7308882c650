"""The five commands: parse, then call one function.

Nothing heavy is imported at module level, so that --help and usage errors answer at once.
"""

from contextlib import ExitStack, closing
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from s2s import __version__
from s2s.data_config import Format
from s2s.errors import InputError

if TYPE_CHECKING:
    from s2s.run import Run

app = typer.Typer(
    add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]}, invoke_without_command=True,
    help="Spanish->English translation through one fixed-size hidden state.",
)  # fmt: skip

ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG", help="YAML file of the experiment; see configs/.")]
RunDirectory = Annotated[Path, typer.Argument(metavar="RUN", help="Directory that s2s train wrote.")]
Overrides = Annotated[
    list[str],
    typer.Option("--set", metavar="KEY=VALUE", help="Override a config key, e.g. training.epochs=3; repeatable."),
]
InputText = Annotated[
    Path | None,
    typer.Argument(metavar="INPUT", help="Text file, a Spanish sentence a line, compressed or not; default: stdin."),
]
InputTexts = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="INPUT...", help="Text files, a Spanish sentence a line, compressed or not; default: stdin."
    ),
]
Errors = Annotated[
    Literal["strict", "replace"], typer.Option("--errors", help="What to do with bytes that are not UTF-8.")
]
Cut = Annotated[
    int | None,
    typer.Option(
        "--cut", min=1, metavar="N", help="Translate lines of more than N subwords in parts; default: as measured."
    ),
]
Beam = Annotated[int, typer.Option("--beam", min=1, max=100, help="Hypotheses kept in the search; 1 is greedy.")]


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"s2s {__version__}")
        raise typer.Exit


@app.callback()
def program(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """The options of the program itself."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("help", hidden=True)
def show_help(context: typer.Context) -> None:
    """Show the help of the program."""
    if context.parent:
        typer.echo(context.parent.get_help())


@app.command()
def prepare(config: ConfigFile, overrides: Overrides = []) -> None:  # noqa: B006
    """Read, clean and split the pair files, train the tokenizers, encode; writes the directory data.prepared."""
    from s2s import config_file
    from s2s.data.prepare import prepare
    from s2s.data.report import format_report

    typer.echo(format_report(prepare(config_file.load(config, overrides))))


@app.command()
def train(
    config: ConfigFile,
    overrides: Overrides = [],  # noqa: B006
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over; an existing run is moved aside.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only print what it will take: weights, memory, operations, batch shapes.")
    ] = False,
) -> None:
    """Train on the prepared corpus; run again, it resumes where it stopped."""
    from s2s import config_file
    from s2s.machine import is_chief
    from s2s.run import Run

    setup = config_file.load(config, overrides)
    if dry_run:
        from s2s.training.estimate import format_estimate

        typer.echo(format_estimate(setup))
        return
    if fresh and setup.training.distribute == "multi_worker":
        raise InputError("--fresh: with several workers, move the run's directory aside by hand")
    with closing(Run.begin(setup, fresh) if is_chief(setup.training.distribute) else Run.join(setup)) as opened:
        from s2s.training import loop

        try:
            loop.train(opened)
        except loop.Interrupted as interrupted:
            typer.echo(f"s2s: stopped by {interrupted} after a checkpoint; the same command resumes from it", err=True)
            raise typer.Exit(interrupted.status) from None


@app.command()
def translate(
    run: RunDirectory,
    inputs: InputTexts = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="File to write, whole or not at all, .gz allowed; default: stdout."),
    ] = None,
    beam: Beam = 1,
    n_best: Annotated[
        int, typer.Option("--n-best", min=0, help="Print the N best translations as TSV: line number, score, text.")
    ] = 0,
    scores: Annotated[
        bool, typer.Option("--scores", help="Put the log-probability per subword and a tab before each line.")
    ] = False,
    errors: Errors = "strict",
    cut: Cut = None,
    from_states: Annotated[
        Path | None,
        typer.Option("--from-states", metavar="STATES.npy", help="Decode these states instead of text; - is stdin."),
    ] = None,
) -> None:
    """Translate text: one line out for each line in, in order."""
    if n_best > beam:
        raise InputError(f"--n-best {n_best}: more than the {beam} of --beam; give --beam {n_best} or more")
    if from_states and inputs:
        raise InputError("--from-states: the states are the input; give no INPUT")
    from os.path import exists

    from s2s.outputs import require_writable

    if output and str(output) != "-":
        require_writable(output, "--output")
    with ExitStack() as open_files:
        from s2s.translation.streams import OutputFormat, decode_states, open_input, open_output, translate_streams

        for path in inputs or []:
            if str(path) != "-" and not exists(path):  # Path.exists fails on a long sentence
                raise InputError(
                    f"{path}: no such file; to translate a sentence, pipe it: echo ... | s2s translate {run}"
                )
        paths: list[Path | None] = [] if from_states else [*inputs] if inputs else [None]
        sources = [open_files.enter_context(open_input(path)) for path in paths]
        opened = _open_run(run)
        from s2s.translation.search import SearchOptions
        from s2s.translation.translator import Translator

        translator = Translator(opened, cut=cut)
        options, output_format = SearchOptions(beam), OutputFormat(n_best, scores)
        sink = open_files.enter_context(open_output(output))
        if from_states:
            from s2s.states.storage import read_states

            states = read_states(from_states, translator.config, translator.network.encoder_fingerprint())
            decode_states(translator, states, sink, options, output_format)
        else:
            translate_streams(translator, sources, sink, options, output_format, errors)


@app.command()
def evaluate(
    run: RunDirectory,
    tests: Annotated[
        list[Path],
        typer.Argument(metavar="TEST...", help="Pair file to score on, or two aligned files: Spanish, English."),
    ],
    beam: Beam = 1,
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
        str | None, typer.Option(metavar="COLUMN", help="English column: number from 1, or name; default: detected.")
    ] = None,
    file_format: Annotated[Format, typer.Option("--format", help="Format of the pair file; auto: detected.")] = "auto",
    cut: Cut = None,
    perturb: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES", help="Also score the sentences as people write them: all, or names such as typo,phone."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on the last line instead.")] = False,
) -> None:
    """Translate the Spanish side of a pair file and score it: BLEU and chrF by sacreBLEU, perplexity."""
    if len(tests) > 2:
        raise InputError(f"evaluate: {len(tests)} test files; give one pair file, or two aligned files")
    if pair_scores and (output or json or perturb):
        raise InputError("--pair-scores only writes the scores of pairs; leave out --output, --perturb and --json")
    from s2s.data.corpus import read_pairs, read_references
    from s2s.data.dataset import layout_of_test
    from s2s.data_config import PairFile
    from s2s.outputs import require_writable

    for path, option in ((output, "--output"), (pair_scores, "--pair-scores")):
        if path and str(path) != "-":
            require_writable(path, option)
    opened = _open_run(run)
    source, target = (int(c) if c and c.isdecimal() else c for c in (source_column, target_column))
    if 0 in (source, target) or type(source) is not type(target) or (source and source == target):
        raise InputError("--source-column, --target-column: give both, as two numbers from 1 or as two names")
    aligned = str(tests[1]) if tests[1:] else None
    file = PairFile(str(tests[0]), aligned, None if file_format == "auto" else file_format, source, target)
    layout = layout_of_test(file)
    from s2s.translation import evaluation
    from s2s.translation.perturbed import parse_names
    from s2s.translation.search import SearchOptions
    from s2s.translation.streams import write_lines
    from s2s.translation.translator import Translator

    if pair_scores:
        write_lines(pair_scores, evaluation.score_pairs(opened, read_pairs([file], layout)))
        return
    perturbations = parse_names(perturb) if perturb is not None else ()
    references = read_references(file, layout)
    scores, translations = evaluation.evaluate(
        Translator(opened, cut=cut), references, SearchOptions(beam), perturbations
    )
    if output:
        write_lines(output, translations)
    typer.echo(dumps(scores) if json else evaluation.format_scores(scores))


@app.command("inspect-state")
def inspect_state(
    run: RunDirectory,
    source: InputText = None,
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
) -> None:
    """Write the encoder's final state of every line as float32 .npy, [lines, units]; plot it; find its neighbours."""
    from s2s.states.inspect_state import Outputs, inspect
    from s2s.translation.streams import open_input

    npz = file_format == "npz" or (file_format is None and output is not None and output.suffix.lower() == ".npz")
    outputs = Outputs(output, layers == "all", npz, trace, plot, labels, projector, neighbours, corpus)
    outputs.check()
    if [str(path) for path in (source or "-", labels, corpus)].count("-") > 1:
        raise InputError("-: stdin can be read once; name a file for INPUT, --labels or --corpus")
    with open_input(source) as opened_source:
        inspect(_open_run(run), opened_source, outputs)


def _open_run(path: Path) -> "Run":
    from s2s.run import Run

    return Run(path)
