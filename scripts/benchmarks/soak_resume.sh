#!/usr/bin/env bash
# Kill a real training again and again (100 times, or as often as the first argument says), let it go on, and compare
# its weights and metrics with those of a training that was never killed.  Eighteen minutes on two cores that
# had other work.
set -euo pipefail
cd "$(dirname "$0")/../.."
source scripts/setup_venv.sh dev
S2S_KILLS=${1:-100} .venv/bin/python -m pytest -q -s -p no:cacheprovider tests/test_survival.py -k killed_again
