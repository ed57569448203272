#!/usr/bin/env bash
# TenSEAL 0.3.18: a serialised context is about fifty times smaller with its secret key than without. Beside the secret key the
# Galois and relinearisation keys are not written, only that there should be some; whoever loads the bytes gets new ones,
# drawn at random. So two loads of one file rotate with different keys, and the bytes of a secret context say nothing
# about the keys that a server holds. Needs Python 3.11.
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
context.generate_galois_keys()
public, secret = context.serialize(), context.serialize(save_secret_key=True)
# The evaluation keys of a context, as the bytes that it hands to a server.
keys = lambda data: (lambda c: (c.make_context_public(), c.serialize())[1])(ts.context_from(data))
loaded = ts.context_from(secret)
print(f"tenseal {metadata.version('tenseal')}: {len(public) // len(secret)} times as large without the secret key;",
      f"loaded with it: Galois keys {loaded.has_galois_keys()}, the same at each load {keys(secret) == keys(secret)};",
      f"loaded without: Galois keys {ts.context_from(public).has_galois_keys()}, the same at each load {keys(public) == keys(public)}")
PY
venv/bin/python probe.py | tee out.txt
# Seen on 2026-11-29:
# tenseal 0.3.18: 50 times as large without the secret key; loaded with it: Galois keys True, the same at each load False; loaded without: Galois keys True, the same at each load True
grep -Eq ': [0-9]{2} times as large .*with it: Galois keys True, the same at each load False; loaded without: Galois keys True, the same at each load True' out.txt
