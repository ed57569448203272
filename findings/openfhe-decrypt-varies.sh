#!/usr/bin/env bash
# OpenFHE 1.6.1 (PyPI openfhe 1.6.1.0.22.4): decrypting one CKKS ciphertext twice with one key gives different numbers. Noise of
# the size of the estimated error is added at each decryption, against attacks that compare a result with what it
# should be (Li and Micciancio, ePrint 2020/1533). In other libraries of the field decryption is a function; hashes or
# caches of decrypted results do not work here. Needs x86-64 Linux and CPython 3.10 (PYTHON=…), the only one its wheel is for.
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
parameters = CCParamsCKKSRNS()
parameters.SetMultiplicativeDepth(2)
parameters.SetScalingModSize(40)
parameters.SetBatchSize(8)
context = GenCryptoContext(parameters)
for feature in (PKESchemeFeature.PKE, PKESchemeFeature.KEYSWITCH, PKESchemeFeature.LEVELEDSHE):
    context.Enable(feature)
keys = context.KeyGen()
ciphertext = context.Encrypt(keys.publicKey, context.MakeCKKSPackedPlaintext([0.5, -0.25]))
once, again = (context.Decrypt(ciphertext, keys.secretKey).GetRealPackedValue()[0] for _ in range(2))
print(f"openfhe {metadata.version('openfhe')}: 0.5 decrypts to {once!r} and then to {again!r}: {'the same' if once == again else 'another number'}, {abs(once - again) < 1e-6}")
PY
venv/bin/python probe.py | tee out.txt
# Seen on 2026-11-29:
# openfhe 1.6.1.0.22.4: 0.5 decrypts to 0.4999999999912941 and then to 0.5000000000228149: another number, True
grep -q ': another number, True' out.txt
