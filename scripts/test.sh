#!/usr/bin/env bash
# Check everything: lint, format, types, imports between the folders, tests.  Makes .venv once and installs into it.
#
#   bash scripts/test.sh           all tests
#   bash scripts/test.sh --fast    without the slow tests, in 80 seconds on two cores
#   bash scripts/test.sh ...       other arguments go to pytest, also after --fast
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/setup_venv.sh dev
.venv/bin/ruff check --quiet .
.venv/bin/ruff format --check .
.venv/bin/mypy --no-error-summary
contracts=$(.venv/bin/lint-imports --no-logo) || { echo "$contracts" >&2; exit 1; }
if [ "${1:-}" = --fast ]; then
    shift
    # Fewer examples of each property: see tests/conftest.py.
    export HYPOTHESIS_PROFILE=fast
    set -- -m "not slow" "$@"
fi
# A process for each of two processors; one that has finished its share takes tests of the other.
exec .venv/bin/python -m pytest -n 2 --dist worksteal "$@"
