"""Commands within the system's limits: refused in one line, or done; never hanging, never aborted."""

import os
import re
import resource

import pytest

from tests.commands import EXCEPTION, names_in
from tests.conftest import python, set_options

# The number of processes does not limit root: another user, who may read what root may.
_AS_NOBODY = (
    "import os, sys\n"
    "user = 'setpriv --reuid=65534 --clear-groups --securebits=+no_setuid_fixup --inh-caps=-all,+dac_override --ambient-caps=+dac_override'\n"
    "os.execvp('setpriv', [*user.split(), '--bounding-set=-all,+dac_override', sys.executable, *sys.argv[1:]])"
)

LIMITS = [
    *((resource.RLIMIT_NOFILE, number, "ulimit -n") for number in (8, 12, 15, 16, 20, 32)),
    *((resource.RLIMIT_AS, megabytes << 20, "ulimit -v") for megabytes in (200, 400, 600, 800, 2000)),
    *((resource.RLIMIT_NPROC, number, "ulimit -u") for number in (1, 2, 3, 4)),
]


@pytest.fixture(scope="module")
def corpus(untrained, tmp_path_factory):
    """A corpus of several shards, so that `prepare` starts workers."""
    path = tmp_path_factory.mktemp("corpus") / "pairs.tsv"
    path.write_text((untrained / "train.tsv").read_text(encoding="utf-8") * 150, encoding="utf-8")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("name", ["prepare", "train", "translate", "evaluate", "inspect-state"])
@pytest.mark.parametrize(("kind", "number", "words"), LIMITS)
def test_within_a_limit_a_command_is_refused_in_a_line_or_done(untrained, corpus, tmp_path, name, kind, number, words):
    config, run, text = untrained / "tiny.yaml", untrained / "run", untrained / "test.tsv"
    if name == "train" and (kind, number) == (resource.RLIMIT_NOFILE, 32):
        pytest.skip("enough for training, which takes long")
    output = tmp_path / "out"
    arguments = {
        "prepare": [config, *set_options(data__train=corpus, data__prepared=output)],
        "train": [config, *set_options(run=output)],
        "translate": [run, text, "-o", output],
        "evaluate": [run, text, "-o", output],
        "inspect-state": [run, text, "-o", output],
    }[name]
    other_user = kind == resource.RLIMIT_NPROC and os.getuid() == 0
    if other_user and python("-c", _AS_NOBODY, "-c", "").returncode:
        pytest.skip("no setpriv to become another user")
    prefix = ["-c", _AS_NOBODY] if other_user else []
    process = python(
        *prefix,
        "-m",
        "s2s",
        name,
        *arguments,
        timeout=20,
        preexec_fn=lambda: resource.setrlimit(kind, (number, number)),
    )
    errors = process.stderr.decode()
    assert not EXCEPTION.search(errors) and process.returncode in (0, 1)
    if process.returncode:
        assert errors.startswith("s2s: error: ") and errors.count("\n") == 1
        assert re.search(words, errors)
    assert names_in(tmp_path) == ([] if process.returncode else ["out"])


def test_workers_that_cannot_all_be_started_end_with_a_message():
    """The first of two workers waits for items when the second is refused."""
    program = (
        "import os, resource; from s2s.data.parallel import parallel_map; from s2s.errors import RunError\n"
        "used = len(os.listdir('/proc/self/fd'))\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (used + {more}, used + {more}))\n"
        "try: print(list(parallel_map(abs, range(4))))\n"
        "except RunError as error: print(error)"
    )
    outputs = [python("-c", program.format(more=more), timeout=20).stdout.decode() for more in range(2, 24)]
    refused = [
        output for output in outputs if output.startswith("cannot start a worker process: Too many open files; the ")
    ]
    assert len(refused) > 1 and outputs[-1] == "[0, 1, 2, 3]\n"
    assert {*outputs} <= {*refused, outputs[-1]}
