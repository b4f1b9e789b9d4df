#!/usr/bin/env bash
# Make a virtual environment (argument 1) that holds what requirements/dev.txt locks, and this project.
set -euo pipefail
cd "$(dirname "$0")/.."
venv="$1"

find_python() {
    for name in ${PYTHON:-} python3.12 python3.13 python3.14 python3 python; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1; then
            echo "$name"
            return
        fi
    done
    echo "Scrypath needs Python 3.12 or newer; found: $(python3 --version 2>&1 || echo none)." >&2
    echo "Install one (apt install python3.12, brew install python, pyenv install 3.12), or name it: make PYTHON=/path/to/python3.12" >&2
    return 1
}

if ! "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1; then
    python="$(find_python)"
    echo "Making $venv with $("$python" --version)"
    if ! "$python" -m venv --clear "$venv"; then
        echo "$python cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv" >&2
        exit 1
    fi
fi

py="$venv/bin/python"
if ! "$py" -m pip --version >/dev/null 2>&1; then
    "$py" -m ensurepip --upgrade >/dev/null
fi
echo "Installing what requirements/dev.txt locks into $venv"
uv_version="$(sed -nE 's/^uv==([^ ;]+).*/\1/p' requirements/dev.txt)"
# uv is several times faster; where only pip is set up for the network (proxy, own index), pip does it.
if "$py" -m pip install -q --disable-pip-version-check "uv==$uv_version" \
    && "$py" -m uv pip install -q --compile-bytecode --python "$py" --require-hashes -r requirements/dev.txt; then
    :
else
    echo "uv could not; pip takes over (some minutes)"
    "$py" -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
fi
"$py" -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
# Where Python is told not to keep compiled modules, every start would compile them all again.
"$py" -m compileall -q scrypath
