#!/usr/bin/env bash
# Makes .venv once, installs with the test extras; then lint, types, tests.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/setup_venv.sh dev
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy
exec .venv/bin/python -m pytest "$@"
