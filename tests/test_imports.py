"""Only training computes with TensorFlow, which takes seconds to import; everything else starts without it."""

import pkgutil

import pytest

import s2s
from tests.conftest import python

LIGHT = ("s2s.cli", *(
    module.name
    for package in ("data", "translation", "states")
    for module in pkgutil.iter_modules([f"{s2s.__path__[0]}/{package}"], f"s2s.{package}.")
))  # fmt: skip

CHECK = "\nheavy = {'tensorflow', 'keras'} & set(sys.modules)\nassert not heavy, heavy"


def test_data_translation_and_states_do_not_import_tensorflow():
    assert {"s2s.data.prepare", "s2s.translation.translator", "s2s.states.inspect_state"} < set(LIGHT)
    python("-c", f"import sys, {', '.join(LIGHT)}{CHECK}", check=0)


def test_the_check_sees_tensorflow():
    process = python("-c", f"import sys; sys.modules['tensorflow'] = sys{CHECK}", check=1)
    assert b"AssertionError: {'tensorflow'}" in process.stderr


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["train", "--help"], ["translate"], ["frobnicate"], []]
)
def test_help_and_usage_errors_import_nothing_heavy(arguments):
    program = f"import sys; sys.argv = ['s2s', *{arguments!r}]\nfrom s2s.__main__ import _run\n_run()"
    python("-c", f"{program}\nassert 'numpy' not in sys.modules{CHECK}", check=0)
