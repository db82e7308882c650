#!/usr/bin/env bash
# Soak test of resuming: kill a training KILLS times (default 100), resume it each time, and compare its final weights
# and metrics with those of an uninterrupted training.  100 kills take eighteen minutes on two cores with other load.
# Usage: bash scripts/benchmarks/soak_resume.sh [KILLS]
set -euo pipefail
case ${1:-100} in
    -h | --help) sed -n '2,4s/^# //p' "$0"; exit 0 ;;
    *[!0-9]*) sed -n '2,4s/^# //p' "$0" >&2; exit 2 ;;
esac
kills=${1:-100}
cd "$(dirname "$0")/../.."
source scripts/setup_venv.sh dev
S2S_KILLS=$kills .venv/bin/python -m pytest -q -s -p no:cacheprovider tests/test_survival.py -k killed_again
