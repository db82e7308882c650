# Create .venv and install the project with an extra.  demo.sh, test.sh and soak_resume.sh source this file.
# Usage, in the project's root: source scripts/setup_venv.sh EXTRA
# PYTHON names the interpreter, 3.10 to 3.13 (default: python3).
extra=${1:-}
case $extra in
    '' | -*)
        sed -n '1,3s/^# //p' "${BASH_SOURCE[0]}"
        case $extra in -h | --help) exit 0 ;; *) exit 2 ;; esac
        ;;
esac
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' || {
    echo "s2s needs Python 3.10 to 3.13; set PYTHON to such an interpreter, e.g. PYTHON=python3.12 bash $0" >&2
    exit 2
}
[ -x .venv/bin/python ] || "$python" -m venv .venv
# Install again only if the requirements of the project have changed.
stamp=.venv/installed-$extra
if ! cmp -s <(cat pyproject.toml constraints.txt) "$stamp"; then
    echo "installing into .venv (TensorFlow is a large download) ..." >&2
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[$extra]"
    cat pyproject.toml constraints.txt > "$stamp"
fi
