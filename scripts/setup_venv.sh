# Sourced by demo.sh and test.sh: makes .venv once and installs the project with the extra named in $1.
# PYTHON names the interpreter (3.10 to 3.13) where python3 is another one.
extra=$1
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' || {
    echo "s2s needs Python 3.10 to 3.13; set PYTHON to one, e.g. PYTHON=python3.12 bash $0" >&2
    exit 2
}
[ -x .venv/bin/python ] || "$python" -m venv .venv
# Done again only when the project's requirements have changed.
stamp=.venv/installed-$extra
if ! cmp -s <(cat pyproject.toml constraints.txt) "$stamp"; then
    echo "installing into .venv (TensorFlow is a large download) ..." >&2
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[$extra]"
    cat pyproject.toml constraints.txt > "$stamp"
fi
