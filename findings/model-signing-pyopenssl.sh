#!/usr/bin/env bash
# model-signing 1.1.1 imports OpenSSL (PyPI: pyOpenSSL) but does not ask for it; it came along with sigstore up to 4.5.0.
# sigstore 4.5.1, which `pip install model-signing` takes on 2026-11-29, dropped it: every command, even --help, ends in
# ModuleNotFoundError. pip reports no conflict. Installing pyOpenSSL beside it is the way out. Needs Python 3.10 or later.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
try() { # LABEL
  if venv/bin/model_signing --help >help.txt 2>error.txt; then echo "$1: works"; else echo "$1: $(tail -n 1 error.txt)"; fi
}
{
  venv/bin/pip install --quiet --disable-pip-version-check model-signing==1.1.1 sigstore==4.5.1
  venv/bin/pip check
  try 'model-signing 1.1.1, sigstore 4.5.1'
  venv/bin/pip install --quiet --disable-pip-version-check pyOpenSSL==26.4.0
  try 'with pyOpenSSL 26.4.0'
  venv/bin/pip uninstall --quiet --yes pyOpenSSL
  venv/bin/pip install --quiet --disable-pip-version-check sigstore==4.5.0
  try 'with sigstore 4.5.0'
} | tee out.txt
# Seen on 2026-11-29:
# No broken requirements found.
# model-signing 1.1.1, sigstore 4.5.1: ModuleNotFoundError: No module named 'OpenSSL'
# with pyOpenSSL 26.4.0: works
# with sigstore 4.5.0: works
grep -q '^No broken requirements found' out.txt
grep -q "^model-signing 1.1.1, sigstore 4.5.1: ModuleNotFoundError: No module named 'OpenSSL'" out.txt
grep -q '^with pyOpenSSL 26.4.0: works$' out.txt
grep -q '^with sigstore 4.5.0: works$' out.txt
