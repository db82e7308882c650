"""Two configs compared: what may change when a run is resumed, and what must be the same when one begins with its weights."""

import dataclasses
from typing import Any, NamedTuple

from s2s.config import Config
from s2s.config_file import key_of

CHANGEABLE = (
    "epochs", "steps", "minutes", "patience", "on_nan", "compile", "distribute", "validate_every", "validate_minutes",
    "checkpoint_minutes", "keep_checkpoints", "log_every", "wait_minutes",
)  # fmt: skip
"""Keys of `training` that may change when a run is resumed."""

_PATHS = ("train", "dev", "test", "prepared")
"""Keys of `data` that may change too: files move."""

_SECTIONS = ("data", "cleaning", "augmentation", "tokenizer", "model", "training")


class Change(NamedTuple):
    """A key of which two configs have different values."""

    key: str
    before: Any
    after: Any


def changes(old: Config, new: Config, sections: tuple[str, ...] = _SECTIONS) -> list[Change]:
    """The keys in which two configs differ and that may not change in a run.

    Args:
        old: a config.
        new: another.
        sections: the sections to compare; all of them = the seed too.
    """
    compared = [Change("seed", old.seed, new.seed)] if sections == _SECTIONS else []
    for section in sections:
        free = {"data": _PATHS, "training": CHANGEABLE}.get(section, ())
        before, after = (dataclasses.asdict(getattr(config, section)) for config in (old, new))
        compared += [
            Change(f"{section}.{key_of(name)}", before[name], after[name]) for name in before if name not in free
        ]
    return [change for change in compared if change.before != change.after]
