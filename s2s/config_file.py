"""YAML <-> the experiment's configuration, strictly checked.

A config file has the sections of `config.Config` as mappings.  An unknown key, a wrong type or a value out of
range is an InputError that names the key, what was given and what is allowed.
"""

import dataclasses
import difflib
import reprlib
import types
import typing
from pathlib import Path
from typing import Any

import yaml

from s2s.config import Config, PairFile
from s2s.errors import InputError

_SIDES = ("source", "target")


def load(path: Path, overrides: list[str] | None = None) -> Config:
    """Read a YAML config file and apply `section.key=value` overrides, whose values are YAML.

    Raises InputError for a file that cannot be read or parsed and for every wrong key or value.
    """
    try:
        tree = yaml.load(path.read_text(encoding="utf-8"), _StrictLoader)
    except OSError as error:
        raise InputError(f"{path}: cannot read the config: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8 text; is this a YAML config?") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path}: {_yaml_reason(error)}") from None
    if not isinstance(tree, dict):
        raise InputError(f"{path}: a config is a mapping of keys to values; see the files in configs/")
    for override in overrides or []:
        _override(tree, override)
    return _build(Config, tree, str(path), "")


def dump(config: Config) -> str:
    """The config as YAML text that `load` reads back to an equal Config."""
    tree = dataclasses.asdict(config)
    for name in ("train", "dev", "test"):
        files = tree["data"][name]
        tree["data"][name] = [file if isinstance(file, str) else dict(zip(_SIDES, file, strict=True)) for file in files]
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML in which a key that stands twice is an error: the last one would win in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for index, key in enumerate(keys):
            if key in keys[:index]:
                mark = node.value[index][0].start_mark
                raise yaml.MarkedYAMLError(problem=f"the key {key!r} stands twice", problem_mark=mark)
        return super().construct_mapping(node, deep)


def _yaml_reason(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}: " if mark else ""
    return f"{where}not valid YAML: {getattr(error, 'problem', None) or error}"


def _override(tree: dict[str, Any], override: str) -> None:
    name, equals, text = override.partition("=")
    if not equals or not name:
        raise InputError(f"--set {override}: write it as section.key=value, e.g. training.epochs=3")
    try:
        value = yaml.load(text, _StrictLoader)
    except yaml.YAMLError as error:
        raise InputError(f"--set {name}: {_yaml_reason(error)}") from None
    *sections, last = name.split(".")
    for section in sections:
        # A section may be absent from the file; a scalar in its place is reported by _build.
        inner = tree.setdefault(section, {})
        if not isinstance(inner, dict):
            raise InputError(f"--set {override}: {section} is not a section")
        tree = inner
    tree[last] = value


def _build(kind: type, tree: Any, where: str, prefix: str) -> Any:
    if not isinstance(tree, dict):
        raise InputError(f"{where}: {prefix.rstrip('.')} must be a section of keys, not {reprlib.repr(tree)}")
    fields = {item.name: item for item in dataclasses.fields(kind)}
    for name in tree:
        if name not in fields:
            near = difflib.get_close_matches(str(name), fields, n=1)
            hint = f"did you mean {prefix}{near[0]}?" if near else f"known: {', '.join(fields)}"
            raise InputError(f"{where}: unknown key {prefix}{name}; {hint}")
    hints = typing.get_type_hints(kind)
    values = {}
    for name, item in fields.items():
        if dataclasses.is_dataclass(hints[name]) and (name in tree or item.default is dataclasses.MISSING):
            values[name] = _build(hints[name], tree.get(name, {}), where, f"{prefix}{name}.")
        elif name in tree:
            values[name] = _convert(tree[name], hints[name], item.metadata, f"{where}: {prefix}{name}")
        elif item.default is dataclasses.MISSING:
            raise InputError(f"{where}: the key {prefix}{name} is missing; add it")
    try:
        return kind(**values)
    except InputError as error:  # about several keys together
        raise InputError(f"{where}: {error}") from None


def _convert(value: Any, kind: Any, limits: typing.Mapping[str, Any], where: str) -> Any:
    """`value` as `kind` (int, float, bool, str, pair files, or one of several or None), in its range."""
    if isinstance(kind, types.UnionType):
        kinds = typing.get_args(kind)
        if value is None and types.NoneType in kinds:
            return None
        kind = next((one for one in kinds if type(value) is one), kinds[0])
    if kind == tuple[PairFile, ...]:
        values = [] if value is None else value if isinstance(value, list) else [value]
        return tuple(_pair_file(item, where) for item in values)
    if kind is float:
        value = _number(value)
    if type(value) is not kind or value == "":
        names = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}
        raise InputError(f"{where} must be {names[kind]}, not {reprlib.repr(value)}")
    low, high = (None, None) if kind is str else (limits["low"], limits["high"])
    # Written so that NaN fails too.
    if (low is not None and not value >= low) or (high is not None and not value <= high):
        allowed = f"at least {low}" if high is None else f"from {low} to {high}"
        raise InputError(f"{where} must be {allowed}, not {reprlib.repr(value)}")
    if limits["choices"] and value not in limits["choices"]:
        raise InputError(f"{where} must be one of {', '.join(limits['choices'])}, not {reprlib.repr(value)}")
    return value


def _pair_file(value: Any, where: str) -> PairFile:
    if isinstance(value, str) and value:
        return value
    if isinstance(value, dict) and set(value) == set(_SIDES) and all(isinstance(path, str) for path in value.values()):
        return value["source"], value["target"]
    raise InputError(
        f"{where} must be a path, {{source: PATH, target: PATH}} or a list of these, not {reprlib.repr(value)}"
    )


def _number(value: Any) -> Any:
    """Whole numbers as floats, and 2e-3 too, which YAML 1.1 takes for a text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return value
    try:
        return float(value)
    except ValueError:
        return value
