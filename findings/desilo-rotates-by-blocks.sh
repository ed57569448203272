#!/usr/bin/env bash
# DESILO FHE 2.0.0 encrypts a vector of more numbers than an engine has slots, and decrypts, adds and multiplies it as one
# vector. Behind it are several ciphertexts, and rotate turns each one by itself: of 16,384 numbers over 8,192 slots the first
# comes out in the middle and the one of the middle at the end. No error is shown.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 desilofhe==2.0.0
cat > probe.py <<'PY'
import numpy as np
from desilofhe import Engine
engine = Engine(max_level=3)
slots = engine.slot_count
secret = engine.create_secret_key()
key = engine.create_rotation_key(secret)
print('slots', slots)
for size in (slots, 2 * slots):
    x = np.arange(size, dtype=np.float64)
    vector = engine.encrypt(x, secret)
    product = engine.decrypt(engine.multiply(vector, 2.0), secret)
    rotated = engine.decrypt(engine.rotate(vector, key, 1), secret).round().astype(int)
    print(f'{size} numbers: doubled as one vector: {np.allclose(product, 2 * x, atol=0.01)}, rotated as one vector: {np.array_equal(rotated, np.roll(x, -1))}')
    print(f'  rotated by 1: begins {rotated[:2].tolist()}, about slot {slots}: {rotated[slots - 2:slots + 2].tolist()}, ends {rotated[-2:].tolist()}')
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-30:
cat > seen.txt <<'TXT'
slots 8192
8192 numbers: doubled as one vector: True, rotated as one vector: True
  rotated by 1: begins [1, 2], about slot 8192: [8191, 0], ends [8191, 0]
16384 numbers: doubled as one vector: True, rotated as one vector: False
  rotated by 1: begins [1, 2], about slot 8192: [8191, 0, 8193, 8194], ends [16383, 8192]
TXT
diff seen.txt out.txt
