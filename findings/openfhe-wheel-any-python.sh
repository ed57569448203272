#!/usr/bin/env bash
# PyPI openfhe 1.6.1.0.22.4 is a wheel for any Python on any system by its name (py3-none-any), and holds one extension for
# CPython 3.10 on x86-64 Linux. So pip installs it on every other Python, without a warning, and the first import says
# "No module named 'openfhe.openfhe'". Needs Python 3.11 or later.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check openfhe==1.6.1.0.22.4
venv/bin/python - <<'PY' | tee out.txt
import importlib.metadata as metadata, sys
distribution = metadata.distribution('openfhe')
tag = [line for line in distribution.read_text('WHEEL').splitlines() if line.startswith('Tag')]
extensions = [file.name for file in distribution.files if 'cpython' in file.name and file.name.endswith('.so')]
try:
    import openfhe
    answer = 'imported'
except ImportError as error:
    answer = str(error)
print(f'openfhe {distribution.version}, {tag}, holds {extensions}; Python {sys.version_info[0]}.{sys.version_info[1]}: {answer}')
PY
# Seen on 2026-11-29:
# openfhe 1.6.1.0.22.4, ['Tag: py3-none-any'], holds ['openfhe.cpython-310-x86_64-linux-gnu.so']; Python 3.11: No module named 'openfhe.openfhe'
grep -q "py3-none-any.*cpython-310-x86_64-linux-gnu.*No module named 'openfhe.openfhe'" out.txt
