#!/bin/sh
# Makes the environment of a real Rasa in $1 (Python 3.10; 2.7 GB). With --if-possible a missing
# Python 3.10 is one plain line and no error. RASA_PYTHON names an interpreter.
env=$1
here=$(cd "$(dirname "$0")/.." && pwd)

find_python() {
    for python in "$RASA_PYTHON" python3.10 \
        "$(pyenv prefix 3.10 2>/dev/null)/bin/python3.10" \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.10*/bin/python3.10; do
        [ -n "$python" ] && "$python" -c \
            'import sys, ssl, venv; sys.exit(sys.version_info[:2] != (3, 10))' 2>/dev/null &&
            command -v "$python" && return 0
    done
    return 1
}

if cmp -s "$here/requirements/rasa.txt" "$env/.made"; then exit 0; fi
python=$(find_python) || {
    echo "Rasa 3.6 needs Python 3.10, and none was found: install it (pyenv install 3.10), or name it: make rasa RASA_PYTHON=/path/to/python3.10"
    [ "$2" = --if-possible ]
    exit
}
echo "Making the environment of Rasa in $env with $python."
rm -rf "$env"
sh "$here/requirements/venv.sh" "$python" "$env" || exit 1
# Some of Rasa's requirements come as sources that need setuptools and wheel to build.
"$env/bin/pip" install --quiet --disable-pip-version-check --no-compile --require-hashes \
    -r "$here/requirements/rasa.txt" 2>"$env/pip.log" || {
    tail -n 5 "$env/pip.log"
    echo "Rasa could not be installed in $env; all of pip's words are in $env/pip.log."
    exit 1
}
# The components of nlu/ are imported from here.
"$env/bin/python" -c 'import site, sys; open(site.getsitepackages()[0] + "/loket.pth", "w").write(sys.argv[1])' "$here"
cp "$here/requirements/rasa.txt" "$env/.made"
