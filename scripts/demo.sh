#!/usr/bin/env bash
# Train and use a small translator: install the project in .venv, prepare the sample corpus, train, translate, evaluate.
# Takes under five minutes on two cores, installation excluded, and half a minute when it is run again.
# Usage: bash scripts/demo.sh
set -euo pipefail
if [ $# -gt 0 ]; then
    sed -n '2,4s/^# //p' "$0"
    case $1 in -h | --help) exit 0 ;; *) exit 2 ;; esac
fi
cd "$(dirname "$0")/.."
source scripts/setup_venv.sh plot
s2s() { .venv/bin/python -m s2s "$@"; }
run=runs/sample
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "== prepare: read the pairs, train the tokenizers, encode"
s2s prepare configs/sample.yaml
echo "== train: three and a half minutes"
s2s train configs/sample.yaml
echo "== translate: twelve sentences of the test set"
head -12 data/sample/test.tsv > "$work/pairs.tsv"
cut -f1 "$work/pairs.tsv" > "$work/source.txt"
s2s translate $run "$work/source.txt" -o "$work/translation.txt"
cut -f2 "$work/pairs.tsv" |
    paste -d '\n' <(sed 's/^/  Spanish      /' "$work/source.txt") \
        <(sed 's/^/  translation  /' "$work/translation.txt") <(sed 's/^/  reference    /' -) <(sed 's/.*//' "$work/source.txt")
echo "== translate: as people type, in capitals, and with names that the training set does not have"
printf '%s\n' 'la pelota que ha comprado maria es nueva' 'LA PELOTA QUE HA COMPRADO MARÍA ES NUEVA.' \
    'Zoltan vive en Kuopio.' > "$work/typed.txt"
s2s translate $run "$work/typed.txt" -o "$work/typed.en.txt"
paste -d '\n' <(sed 's/^/  Spanish      /' "$work/typed.txt") <(sed 's/^/  translation  /' "$work/typed.en.txt")
echo "== evaluate: the test set, 500 sentences that are not in the training set"
s2s evaluate $run data/sample/test.tsv
echo "== evaluate: 200 sentences longer than any training sentence, too long for one state"
s2s evaluate $run data/sample/long.tsv --cut 1000
echo "== evaluate: the same, translated in parts where that scored better on the dev set"
s2s evaluate $run data/sample/long.tsv
echo "== inspect-state: the hidden states of 24 test sentences"
head -24 data/sample/test.tsv | cut -f1 | s2s inspect-state $run -o $run/states.npy --plot $run/states.png
echo
echo "run:    $run"
echo "states: $run/states.npy"
echo "plot:   $run/states.png"
