#!/bin/sh
# Makes the virtual environment $2 with the Python $1. Debian keeps venv in a package of its
# own: where we may install it, we do; else we say which one it is.
"$1" -m venv "$2" >/dev/null 2>&1 && exit 0
rm -rf "$2"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing python3-venv, which Debian's Python lacks."
    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv) >/dev/null 2>&1
fi
"$1" -m venv "$2" >/dev/null 2>&1 && exit 0
rm -rf "$2"
echo "Python cannot make a virtual environment here. On Debian: apt-get install python3-venv"
exit 1
