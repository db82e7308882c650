"""YAML text <-> plain values, by YAML 1.2's core schema and without its surprises.

PyYAML alone follows YAML 1.1, in which `010000` is 4096, `3:36` is 216 and `on` is true.  Here `010000` is 10000, `2e-3`
is a number, and `3:36`, `on`, `yes` and `2024-01-01` are texts.  A key that is there twice is an error.
"""

import re
import reprlib
from collections.abc import Callable
from typing import Any

import yaml

from s2s.errors import InputError

_TAG = "tag:yaml.org,2002:"
_SCHEMA: dict[str, tuple[str, Callable[[str], Any]]] = {
    "null": ("~|null|Null|NULL|", lambda text: None),
    "bool": ("true|True|TRUE|false|False|FALSE", lambda text: {"true": True, "false": False}[text.lower()]),
    "int": ("[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", lambda text: int(text, 0 if text[:2] in ("0o", "0x") else 10)),
    "float": (r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", float),
}
"""YAML's tags: which plain scalars have them, and what reads these.  No key takes .inf and .nan, so they are texts."""

_shortened = reprlib.Repr()
_shortened.maxlevel, _shortened.maxstring = 2, 60


class _Loader(yaml.BaseLoader):
    """Finds the tags of _SCHEMA."""


class _Dumper(yaml.SafeDumper):
    """Quotes texts that either YAML 1.1 or 1.2 would read as something else."""


_Dumper.add_representer(  # PyYAML without quotes or in single ones loses some line breaks, e.g. U+0085
    str, lambda dumper, text: dumper.represent_scalar(_TAG + "str", text, style=None if text.isprintable() else '"')
)
for _name, (_pattern, _) in _SCHEMA.items():
    for _class in (_Loader, _Dumper):
        _class.add_implicit_resolver(_TAG + _name, re.compile(rf"(?:{_pattern})\Z"), None)


def dump(value: Any, **style: Any) -> str:
    """A value as YAML text; style: arguments of yaml.dump."""
    return yaml.dump(value, Dumper=_Dumper, **style)


def parse(text: str, where: str) -> Any:
    """The value of YAML text; `where` is its file or option, for the InputError."""
    try:
        node = yaml.compose(text, _Loader)
        return None if node is None else _value(node, {})
    except RecursionError:
        raise InputError(f"{where}: nested too deeply for a config") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        reasons = (getattr(error, name, None) for name in ("context", "problem", "reason"))
        raise InputError(f"{where}: {line}not valid YAML: {', '.join(filter(None, reasons))}") from None


def _value(node: yaml.Node, known: dict[yaml.Node, Any]) -> Any:
    """The value of a YAML node; `known` has those of the lists and mappings so far, None while one is being read."""
    kind = node.tag.removeprefix(_TAG)
    if isinstance(node, yaml.ScalarNode):
        try:
            value = node.value if kind == "str" else _SCHEMA[kind][1](node.value)
            if isinstance(value, int | float) and abs(value) > 1e300:
                raise ValueError
            return value
        except (KeyError, ValueError):
            raise _fault(node, f"cannot read {shown(node.value)} as {kind}") from None
    if kind != ("map" if isinstance(node, yaml.MappingNode) else "seq"):
        raise _fault(node, f"cannot read this as {kind}")
    if node not in known:
        known[node] = None
        known[node] = _mapping(node, known) if kind == "map" else [_value(item, known) for item in node.value]
    elif known[node] is None:
        raise _fault(node, "it has an alias to itself")
    return known[node]


def _mapping(node: yaml.Node, known: dict[yaml.Node, Any]) -> dict[str, Any]:
    """A mapping, its merge key (<<) applied.  A key that is there twice is an error: one of them would be ignored."""
    mapping: dict[str, Any] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _fault(key, "a key must be a text, not a list or a mapping")
        if key.value in mapping:
            raise _fault(key, f"the key {key.value!r} is there twice")
        mapping[key.value] = _value(value, known)
    merged = mapping.pop("<<", {})
    for other in merged if isinstance(merged, list) else [merged]:
        if not isinstance(other, dict):
            raise _fault(node, f"<< must be given a mapping or a list of mappings, not {shown(other)}")
        mapping = other | mapping
    return mapping


def _fault(node: yaml.Node, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)


def shown(value: Any) -> str:
    """A value as YAML writes it, shortened."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"the text {_shortened.repr(value)}" if isinstance(value, str) else _shortened.repr(value)
