#!/usr/bin/env bash
# From nothing to a translator: makes .venv, prepares the sample corpus, trains, translates, draws.
# Under five minutes on two cores after the installation; run again, it is done in half a minute.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/setup_venv.sh plot
s2s() { .venv/bin/python -m s2s "$@"; }
run=runs/sample
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "== prepare: read the pairs, learn the subwords"
s2s prepare configs/sample.yaml
echo "== train: three and a half minutes"
s2s train configs/sample.yaml
echo "== translate: sentences of the test set"
head -12 data/sample/test.tsv > "$work/shown.tsv"
cut -f1 "$work/shown.tsv" > "$work/source.txt"
s2s translate $run "$work/source.txt" -o "$work/translation.txt"
cut -f2 "$work/shown.tsv" |
    paste -d '\n' <(sed 's/^/  Spanish      /' "$work/source.txt") \
        <(sed 's/^/  translation  /' "$work/translation.txt") <(sed 's/^/  reference    /' -) <(sed 's/.*//' "$work/source.txt")
echo "== evaluate: the whole test set, 500 sentences whose like was not in training"
s2s evaluate $run data/sample/test.tsv
echo "== evaluate: sentences longer than any in training, where one vector is too small"
s2s evaluate $run data/sample/long.tsv
echo "== inspect-state: what the decoder was given"
head -24 data/sample/test.tsv | cut -f1 | s2s inspect-state $run -o $run/states.npy --plot $run/states.png
echo
echo "run:    $run"
echo "states: $run/states.npy"
echo "plot:   $run/states.png"
