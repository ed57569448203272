#!/usr/bin/env bash
# OpenFHE 1.6.1 (PyPI openfhe 1.6.1.0.22.4): slots of CKKS are complex numbers, and MakeCKKSPackedPlaintext takes a list of complex
# numbers; with the default parameters it keeps their real parts and says nothing. Code that packs two real vectors into one, as
# x + iy, loses the second. Only SetCKKSDataType(COMPLEX) keeps both. Needs x86-64 Linux and CPython 3.10 (PYTHON=…).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for python in "${PYTHON:-}" python3.10 "$HOME"/.pyenv/versions/3.10.*/bin/python; do
  "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))' 2>/dev/null && break
done
"$python" -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check openfhe==1.6.1.0.22.4
cat > probe.py <<'PY'
import importlib.metadata as metadata
from openfhe import *
for kind in ('default', 'COMPLEX'):
    parameters = CCParamsCKKSRNS()
    parameters.SetMultiplicativeDepth(2)
    parameters.SetScalingModSize(40)
    parameters.SetBatchSize(2)
    if kind != 'default':
        parameters.SetCKKSDataType(CKKSDataType.COMPLEX)
    context = GenCryptoContext(parameters)
    context.Enable(PKESchemeFeature.PKE)
    keys = context.KeyGen()
    ciphertext = context.Encrypt(keys.publicKey, context.MakeCKKSPackedPlaintext([1 + 2j, 3j]))
    values = context.Decrypt(ciphertext, keys.secretKey).GetCKKSPackedValue()
    print(f"openfhe {metadata.version('openfhe')}, {kind}: [1+2j, 3j] ->", [(round(value.real, 3) + 0, round(value.imag, 3) + 0) for value in values])
PY
venv/bin/python probe.py | tee out.txt
# Seen on 2026-11-29:
# openfhe 1.6.1.0.22.4, default: [1+2j, 3j] -> [(1.0, 0.0), (0.0, 0.0)]
# openfhe 1.6.1.0.22.4, COMPLEX: [1+2j, 3j] -> [(1.0, 2.0), (0.0, 3.0)]
grep -q 'default: \[1+2j, 3j\] -> \[(1.0, 0.0), (0.0, 0.0)\]' out.txt
grep -q 'COMPLEX: \[1+2j, 3j\] -> \[(1.0, 2.0), (0.0, 3.0)\]' out.txt
