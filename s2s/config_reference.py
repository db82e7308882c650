"""configs/reference.yaml: every config key with its default and, as comments, its docstring in config.py or data_config.py.

python -m s2s.config_reference > configs/reference.yaml
"""

import ast
import dataclasses
import inspect
import itertools
import textwrap
import typing
from collections.abc import Mapping
from typing import Any

from s2s import config, data_config, strict_yaml
from s2s.config import Config
from s2s.config_file import allowed_values, as_tree, key_of
from s2s.data_config import DataConfig, PairFile


def reference() -> str:
    """A config file of all keys, with their defaults and, as comments, their docstrings."""
    example = Config("runs/example", DataConfig((PairFile("data/example/train.tsv"),), "data/prepared/example"))
    return (
        "# Every key, its meaning and its default.  Only run, data.train and data.prepared must be given.\n"
        "# Generated from s2s/config.py and s2s/data_config.py: python -m s2s.config_reference > configs/reference.yaml\n"
        + _describe(Config, as_tree(example), _comments())
    )


def _describe(kind: Any, tree: dict[str, Any], comments: Mapping[str, str]) -> str:
    """The keys of a class as YAML with comments, those that are sections last."""
    text, hints = "", typing.get_type_hints(kind)
    for item in sorted(dataclasses.fields(kind), key=lambda item: dataclasses.is_dataclass(hints[item.name])):
        name, hint = key_of(item.name), hints[item.name]
        if dataclasses.is_dataclass(hints[item.name]):
            keys = textwrap.indent(_describe(hint, tree[name], comments).lstrip(), "  ")
            text += f"\n{comments[hint.__name__]}{name}:\n{keys}"
        else:
            value = strict_yaml.dump(tree[name], default_flow_style=True).splitlines()[0]
            allowed = allowed_values(hint, item.metadata) + (
                "; required" if item.default is dataclasses.MISSING else ""
            )
            text += f"\n{comments[f'{kind.__name__}.{item.name}']}{name}: {value}  # {allowed}\n"
    return text


def _comments() -> dict[str, str]:
    """The docstrings of config.py and data_config.py as YAML comments, by `Class` and `Class.key`."""
    texts = {}
    for node in ast.parse(inspect.getsource(data_config) + inspect.getsource(config)).body:
        if isinstance(node, ast.ClassDef):
            texts[node.name] = ast.get_docstring(node) or ""
            for key, text in itertools.pairwise(node.body):
                if isinstance(key, ast.AnnAssign) and isinstance(text, ast.Expr):
                    texts[f"{node.name}.{ast.unparse(key.target)}"] = inspect.cleandoc(ast.literal_eval(text.value))
    return {name: textwrap.indent(text, "# ") + "\n" for name, text in texts.items()}


if __name__ == "__main__":
    print(reference(), end="")
