#!/usr/bin/env bash
# OpenFHE 1.6.1 (PyPI openfhe 1.6.1.0.22.4): with a multiplicative depth of 2, a third product in a row is computed without an error, and so
# is a sum of the result; only the fourth is refused. That the third was one too many is told at decryption alone, as an
# approximation error that is too high: a server, which never decrypts, cannot notice. Needs x86-64 Linux and CPython 3.10 (PYTHON=…).
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
context.EvalMultKeyGen(keys.secretKey)
x = context.Encrypt(keys.publicKey, context.MakeCKKSPackedPlaintext([0.5]))
power = x
for exponent in range(2, 6):
    try:
        power = context.EvalAdd(context.EvalMult(power, x), 0.0)
        computed = 'computed'
    except RuntimeError as error:
        computed = 'refused: ' + str(error).split('SetLevel(): ')[-1]
        power = None
    try:
        value = power and round(context.Decrypt(power, keys.secretKey).GetRealPackedValue()[0], 4)
    except RuntimeError as error:
        value = str(error).split('): ', 1)[-1].strip()
    print(f"openfhe {metadata.version('openfhe')}, depth 2: x^{exponent} {computed}, decrypted: {value}")
PY
venv/bin/python probe.py | tee out.txt
# Seen on 2026-11-29:
# openfhe 1.6.1.0.22.4, depth 2: x^2 computed, decrypted: 0.25
# openfhe 1.6.1.0.22.4, depth 2: x^3 computed, decrypted: 0.125
# openfhe 1.6.1.0.22.4, depth 2: x^4 computed, decrypted: The decryption failed because the approximation error is too high. Check the parameters.
# openfhe 1.6.1.0.22.4, depth 2: x^5 refused: The current multiplicative depth [2] is insufficient; increase it., decrypted: None
grep -q 'x^3 computed, decrypted: 0.125' out.txt
grep -q 'x^4 computed, decrypted: .*approximation error is too high' out.txt
grep -q 'x^5 refused: .*multiplicative depth \[2\] is insufficient' out.txt
