"""The commands: parse, then call one function.

Nothing heavy is imported at module level, so that --help and usage errors answer at once.
"""

from contextlib import closing
from typing import Annotated

import typer

from s2s import __version__, cli_trained
from s2s import cli_options as cli
from s2s.errors import InputError
from s2s.limits import PREPARE, TRAIN, require

app = typer.Typer(
    pretty_exceptions_enable=False, rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]}, invoke_without_command=True,
    help="Spanish->English translation through one fixed-size hidden state.",
)  # fmt: skip


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
def prepare(config: cli.ConfigFile, overrides: cli.Overrides = []) -> None:  # noqa: B006
    """Read, clean and split the pair files, train the tokenizers, encode; writes the directory data.prepared."""
    require(PREPARE)
    from s2s import config_file
    from s2s.data.prepare import prepare
    from s2s.data.report import format_report

    typer.echo(format_report(prepare(config_file.load(config, overrides))))


@app.command()
def train(
    config: cli.ConfigFile,
    overrides: cli.Overrides = [],  # noqa: B006
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over; an existing run is moved aside.")] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Only print what it will take: weights, memory, batch shapes, time; and the size that suits it.",
        ),
    ] = False,
) -> None:
    """Train on the prepared corpus; run again, it resumes where it stopped."""
    require(TRAIN)
    from s2s import config_file
    from s2s.machine import is_chief
    from s2s.run import Run
    from s2s.training.programs import kept_programs
    from s2s.training.schedule import require_budget

    setup = config_file.load(config, overrides)
    if dry_run:
        from s2s.training.estimate import format_estimate

        typer.echo(format_estimate(setup))
        return
    require_budget(setup.training)
    if fresh and setup.training.distribute == "multi_worker":
        raise InputError("--fresh: with several workers, move the run's directory aside by hand")
    run = Run.begin(setup, fresh) if is_chief(setup.training.distribute) else Run.join(setup)
    with closing(run) as opened, kept_programs():
        from s2s.training import loop
        from s2s.training.stopping import Interrupted

        try:
            loop.train(opened)
        except Interrupted as interrupted:
            typer.echo(f"s2s: stopped by {interrupted} after a checkpoint; the same command resumes from it", err=True)
            raise typer.Exit(interrupted.status) from None


@app.command()
def config() -> None:
    """Print a config file of all keys, with their defaults and comments, to begin from."""
    from s2s.config_reference import reference

    typer.echo(reference(), nl=False)


app.command()(cli_trained.translate)
app.command()(cli_trained.evaluate)
app.command("inspect-state")(cli_trained.inspect_state)
