#!/usr/bin/env bash
# DESILO FHE 2.0.0 takes the first weight of weighted_sum for a constant, added to every slot, and the others for those of the
# ciphertexts. With one weight for each ciphertext, weighted_sum([a, b, c], [2, 3, 4]) therefore is 2 + 3a + 4b: each weight
# belongs to the ciphertext before, and the last ciphertext is left out. The only error is for a list of a single weight.
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
secret = engine.create_secret_key()
a, b, c = (engine.encrypt(np.array([1.0, 2.0, 3.0]) * scale, secret) for scale in (1, 10, 100))
for names, ciphertexts in {'a, b, c': [a, b, c], 'a': [a]}.items():
    for weights in ([2], [2.0, 3.0], [2, 3, 4], [2.0, 3.0, 4.0], [0.0, 2.0, 3.0, 4.0]):
        if len(weights) > len(ciphertexts) + 1:
            continue
        try:
            total = (engine.decrypt(engine.weighted_sum(ciphertexts, weights), secret)[:4].round(3) + 0.0).tolist()
        except RuntimeError as error:
            total = f'error: {error}'
        print(f'[{names}] with {weights}: {total}')
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-30, of four slots, the last of which holds 0 in a, b and c; 2a + 3b + 4c would be [432, 864, 1296, 0]:
cat > seen.txt <<'TXT'
[a, b, c] with [2]: error: Weighted Sum Ciphertexts: the input weight is too short.
[a, b, c] with [2.0, 3.0]: [5.0, 8.0, 11.0, 2.0]
[a, b, c] with [2, 3, 4]: [45.0, 88.0, 131.0, 2.0]
[a, b, c] with [2.0, 3.0, 4.0]: [45.0, 88.0, 131.0, 2.0]
[a, b, c] with [0.0, 2.0, 3.0, 4.0]: [432.0, 864.0, 1296.0, 0.0]
[a] with [2]: error: Weighted Sum Ciphertexts: the input weight is too short.
[a] with [2.0, 3.0]: [5.0, 8.0, 11.0, 2.0]
TXT
diff seen.txt out.txt
