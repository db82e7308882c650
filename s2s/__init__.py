"""s2s: Spanish->English neural translation through one fixed-size hidden state.

    Spanish text -> subwords -> encoder -> hidden state -> decoder -> subwords -> English text

Modules import only from their own folder or from the lines below:

    cli.py   api.py                      the commands; s2s from Python
    states/            training/         hidden states as files and pictures; training
    translation/                         text to state to text; evaluation
    run.py   model/    checkpoints.py    the run directory; the network in Keras; what training resumes from
    data/                                sentence pairs to encoded batches
    files.py   machine.py   config.py    atomic files; processor and cluster; the configuration
    outputs.py process.py                outputs that the user names; standard streams and signals
    limits.py                            what the system lets the process have
    errors.py                            what ends a command
"""

from os import PathLike
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from s2s.api import Model

__version__ = "0.1.0"


def load(path: "str | PathLike[str]") -> "Model":
    """Load a trained run, a directory that `s2s train` wrote; raises s2s.errors.InputError where that is not one."""
    from s2s.api import Model

    return Model(path)
