"""Arguments and options that several commands take, and those of samples."""

from pathlib import Path
from typing import Annotated, Literal

import typer

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
        "--cut", min=1, metavar="N", help="Translate sentences of more than N subwords in parts; default: as measured."
    ),
]
BEAM, MOST = 5, 100
"""Hypotheses without --beam (on Tatoeba 3 BLEU better than one, which is greedy search), and at most."""
Beam = Annotated[
    int | None,
    typer.Option(
        "--beam",
        min=1,
        max=MOST,
        show_default=False,
        help=f"Hypotheses kept in the search, {BEAM} if not given; 1 is greedy, and 3 times as fast.",
    ),
]
Sample = Annotated[
    bool, typer.Option("--sample", help="Sample from the model's distribution; with --n-best, N samples of each line.")
]
Temperature = Annotated[
    float,
    typer.Option(min=0.001, max=1000.0, help="Of samples: below 1 nearer to the best subwords, above 1 more even."),
]
TopK = Annotated[
    int | None, typer.Option("--top-k", min=1, metavar="K", help="Sample from the K most probable subwords only.")
]
TopP = Annotated[
    float, typer.Option("--top-p", min=0.001, max=1.0, metavar="P", help="Sample from the top share P only.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, max=2**63 - 1, help="Of samples: another one gives others.")]
