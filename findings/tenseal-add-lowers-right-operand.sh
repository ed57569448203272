#!/usr/bin/env bash
# TenSEAL 0.3.18: a sum of two CKKS vectors at different levels brings both to the lower one. For `a + v`, where a has been
# multiplied before, that happens inside v itself: v has lost a prime afterwards and cannot be multiplied as often as before.
# `v + a` leaves v alone. The order of the operands of a sum decides how deep the rest of a computation may be.
# Needs Python 3.11.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check tenseal==0.3.18 numpy==2.4.6
cat > probe.py <<'PY'
import importlib.metadata as metadata, tenseal as ts
context = ts.context(ts.SCHEME_TYPE.CKKS, 8192, coeff_mod_bit_sizes=[50, 40, 40, 50])
context.global_scale = 2**40
primes = lambda vector: vector.ciphertext()[0].coeff_modulus_size()
product = lambda vector: vector * [1.0, 1.0, 1.0]
for order, add in {'a + v': lambda a, v: a + v, 'v + a': lambda a, v: v + a}.items():
    v = ts.ckks_vector(context, [1.0, 2.0, 3.0])
    before = primes(v)
    total = add(product(v), v)
    try:
        product(product(v))
        twice = 'can be multiplied twice'
    except ValueError as error:
        twice = f'cannot be multiplied twice: {error}'
    print(f"tenseal {metadata.version('tenseal')}: {order} = {[round(x, 3) for x in total.decrypt()]}; primes of v: {before} -> {primes(v)}, {twice}")
PY
venv/bin/python probe.py | tee out.txt
# Seen on 2026-11-29:
# tenseal 0.3.18: a + v = [2.0, 4.0, 6.0]; primes of v: 3 -> 2, cannot be multiplied twice: scale out of bounds
# tenseal 0.3.18: v + a = [2.0, 4.0, 6.0]; primes of v: 3 -> 3, can be multiplied twice
grep -q 'a + v = \[2.0, 4.0, 6.0\]; primes of v: 3 -> 2, cannot be multiplied twice' out.txt
grep -q 'v + a = \[2.0, 4.0, 6.0\]; primes of v: 3 -> 3, can be multiplied twice' out.txt
