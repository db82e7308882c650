"""The experiment's configuration as a YAML file, strictly checked.

A config file has the sections of `config.Config` as mappings.  An unknown key, a wrong type and a value out of range
are InputErrors that name the file or the option, the key, the value and what is allowed.
"""

import dataclasses
import difflib
import math
import os
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from s2s import strict_yaml
from s2s.config import Config
from s2s.data_config import PairFile
from s2s.errors import InputError
from s2s.files import read_small
from s2s.strict_yaml import shown

_PAIR_FILES = "a path, {source: PATH, target: PATH}, {path: PATH, ...} or a list of these"
_NAMES = {int: "a whole number", float: "a number", bool: "true or false", str: "a text", types.NoneType: "null"}


def load(path: Path, overrides: list[str] | None = None) -> Config:
    """Read a config file.

    Raises InputError for a file that cannot be read or parsed and for every wrong key or value.

    Args:
        path: the YAML file.
        overrides: texts `section.key=value`, whose values are YAML.
    """
    try:
        text = read_small(path, 1 << 20).decode("utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot read the config: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8 text; is this a YAML config?") from None
    tree = strict_yaml.parse(text, str(path))
    if not isinstance(tree, dict):
        raise InputError(f"{path}: a config is a mapping of keys to values; see configs/reference.yaml")
    origins = {_override(tree, override): f"--set {override}" for override in overrides or []}
    return _build(Config, tree, str(path), "", origins)


def dump(setup: Config) -> str:
    """A config as YAML text that `load` reads back to an equal Config."""
    return strict_yaml.dump(as_tree(setup), sort_keys=False, allow_unicode=True)


def _override(tree: dict[str, Any], override: str) -> str:
    """Apply `section.key=value` to the tree; returns the key."""
    name, equals, text = override.partition("=")
    if not equals or not name:
        raise InputError(f"--set {override}: write it as section.key=value, e.g. training.epochs=3")
    value = strict_yaml.parse(text, f"--set {override}")
    *sections, last = name.split(".")
    for section in sections:
        inner = tree.get(section)
        if not isinstance(inner, dict | None):
            raise InputError(f"--set {override}: {section} is not a section")
        tree[section] = dict(inner or {})  # a copy, as an alias may share it
        tree = tree[section]
    tree[last] = value
    return name


def _build(kind: type, tree: Any, where: str, prefix: str, origins: Mapping[str, str]) -> Any:
    """A section, or the whole Config, from a mapping.

    Args:
        kind: its class.
        tree: the mapping; None for one without keys.
        where: the file or the option it comes from, for the InputError.
        prefix: what its keys begin with, e.g. `training.`.
        origins: for each key that an option set, that option.
    """
    if not isinstance(tree, dict | None):
        raise InputError(f"{where}: {prefix.rstrip('.')} must be a section of keys, not {shown(tree)}")
    tree, values = tree or {}, {}
    hints = {key_of(name): hint for name, hint in typing.get_type_hints(kind).items()}

    def origin(name: str) -> str:
        key = f"{prefix}{name}."
        return next((option for changed, option in origins.items() if f"{changed}.".startswith(key)), where)

    for name in tree:
        if name not in hints:
            near = difflib.get_close_matches(name, hints, n=1)
            hint = f"did you mean {prefix}{near[0]}?" if near else f"known: {', '.join(hints)}"
            raise InputError(f"{origin(name)}: unknown key {prefix}{name}; {hint}")
    for item in dataclasses.fields(kind):
        name, required = key_of(item.name), item.default is dataclasses.MISSING
        key = prefix + name
        if dataclasses.is_dataclass(hints[name]) and (name in tree or required):
            values[item.name] = _build(hints[name], tree.get(name), origins.get(key, where), f"{key}.", origins)
        elif name in tree:
            values[item.name] = _convert(tree[name], hints[name], item.metadata, f"{origin(name)}: {key}")
        elif required:
            raise InputError(f"{where}: the key {key} is missing; add it")
    try:
        return kind(**values)
    except InputError as error:  # about several keys together
        raise InputError(f"{where}: {error}") from None


def _convert(value: Any, kind: Any, limits: Mapping[str, Any], where: str) -> Any:
    """The value of one key.

    Args:
        value: as YAML has it.
        kind: its type in config.py.
        limits: the metadata of its field.
        where: the file or the option and the key, for the InputError.
    """
    refusal = InputError(f"{where} must be {allowed_values(kind, limits)}, not {shown(value)}")
    if kind == tuple[PairFile, ...]:
        files = [] if value is None else value if isinstance(value, list) else [value]
        return tuple(_pair_file(file, where) for file in files)
    kinds = _kinds(kind)
    if typing.get_origin(kind) is tuple:
        names = [] if value is None else value if isinstance(value, list) else [value]
        if not all(name in _texts(kinds) for name in names):
            raise refusal
        return tuple(names)
    if isinstance(value, str) and value in _texts(kinds):
        return value
    if type(value) is int and float in kinds:
        value = float(value)
    number = isinstance(value, int | float)
    in_range = limits["low"] <= value <= limits["high"] and math.isfinite(value) if number else value != ""
    if type(value) not in kinds or not in_range:
        raise refusal
    return os.path.expanduser(value) if limits["path"] and value is not None else value


def _pair_file(value: Any, where: str) -> PairFile:
    if isinstance(value, str) and value:
        return PairFile(os.path.expanduser(value))
    if isinstance(value, dict) and value.get("source") and value.get("target") and "path" not in value:
        value = {"path" if key == "source" else key: item for key, item in value.items()}
    if isinstance(value, dict) and "path" in value:
        file: PairFile = _build(PairFile, value, where, "", {})
        return file
    known = {"source", *(field.name for field in dataclasses.fields(PairFile))}
    if isinstance(value, dict) and (unknown := [key for key in value if key not in known]):
        raise InputError(f"{where}: unknown key {unknown[0]}; write {_PAIR_FILES}")
    raise InputError(f"{where} must be {_PAIR_FILES}, not {shown(value)}")


def allowed_values(kind: Any, limits: Mapping[str, Any]) -> str:
    """What a key of this type and these limits takes."""
    if kind == tuple[PairFile, ...]:
        return _PAIR_FILES
    kinds, low, high = _kinds(kind), limits["low"], limits["high"]
    if typing.get_origin(kind) is tuple:
        return f"a list of some of {', '.join(_texts(kinds))}"
    span = f" of at least {low}" if high == math.inf else f" from {low} to {high}"
    names = [f"one of {', '.join(_texts(kinds))}"] * any(_texts(kinds))
    names += [_NAMES[one] + (span if one in (int, float) else "") for one in kinds if one in _NAMES]
    return " or ".join(names)


def _kinds(kind: Any) -> tuple[Any, ...]:
    """The types of which a value, or each of a list of values, may be one: those of a union, or the type itself."""
    return typing.get_args(kind) if typing.get_origin(kind) in (types.UnionType, typing.Union, tuple) else (kind,)


def _texts(kinds: tuple[Any, ...]) -> list[str]:
    """The texts of which a value may be one."""
    return [text for one in kinds if typing.get_origin(one) is Literal for text in typing.get_args(one)]


def as_tree(setup: Config) -> dict[str, Any]:
    """A config as mappings, lists and scalars."""
    return _tree(setup)


def key_of(name: str) -> str:
    """The key of a field; that of a key which is a word of Python ends in `_`."""
    return name.removesuffix("_")


def _tree(value: Any) -> Any:
    if isinstance(value, PairFile):
        return _pair_file_tree(value)
    if dataclasses.is_dataclass(value):
        return {key_of(item.name): _tree(getattr(value, item.name)) for item in dataclasses.fields(value)}
    return [_tree(item) for item in value] if isinstance(value, tuple) else value


def _pair_file_tree(file: PairFile) -> Any:
    """The shortest form of a pair file that `_pair_file` reads."""
    fields = dataclasses.fields(PairFile)
    given = {item.name: value for item in fields if (value := getattr(file, item.name)) != item.default}
    if list(given) == ["path"]:
        return file.path
    return {"source": given.pop("path"), **given} if file.target else given
