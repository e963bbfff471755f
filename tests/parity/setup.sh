#!/usr/bin/env bash
# Makes a Python environment with the versions that the fixtures were made with.
#
#   tests/parity/setup.sh FOLDER
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
folder="${1:?usage: setup.sh FOLDER}"
[ -x "$folder/bin/python" ] || python3 -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
echo "setup: $folder/bin/python is ready"
