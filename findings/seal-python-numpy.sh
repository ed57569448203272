#!/usr/bin/env bash
# PyPI seal-python 4.4.0 installs alone (no dependency declared) and imports, but encoding a plain Python list raises
# "ModuleNotFoundError: No module named 'numpy'": the binding's overloads ask for NumPy at the first call, not at import.
# The same call works once numpy is installed. Needs Python 3.11 or later.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check seal-python==4.4.0
cat > probe.py <<'PY'
import importlib.metadata as metadata, seal
parms = seal.EncryptionParameters(seal.scheme_type.ckks)
parms.set_poly_modulus_degree(4096)
parms.set_coeff_modulus(seal.CoeffModulus.Create(4096, [40, 29, 40]))
encoder = seal.CKKSEncoder(seal.SEALContext(parms, True, seal.sec_level_type.tc128))
try:
    encoder.encode([1.0, 2.0], 2.0**29)
    answer = 'encoded'
except ImportError as error:
    answer = f'{type(error).__name__}: {error}'
print(f"seal-python {metadata.version('seal-python')}, requires {metadata.requires('seal-python') or 'nothing'}: {answer}")
PY
{
  venv/bin/python probe.py
  venv/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6
  venv/bin/python probe.py
} | tee out.txt
# Seen on 2026-11-29:
# seal-python 4.4.0, requires nothing: ModuleNotFoundError: No module named 'numpy'
# seal-python 4.4.0, requires nothing: encoded
grep -q "requires nothing: ModuleNotFoundError: No module named 'numpy'" out.txt
grep -q 'requires nothing: encoded' out.txt
