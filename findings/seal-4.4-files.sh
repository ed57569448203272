#!/usr/bin/env bash
# SEAL's files work in one direction only between 4.1 and 4.4, though the format has the same magic number and the major
# version is the same: SEAL 4.4 (PyPI seal-python 4.4.0) loads and decrypts parameters, key and ciphertext that node-seal
# 7.0.0 (SEAL 4.1.2) wrote; node-seal refuses the same objects written by 4.4. The loader wants the minor version in the
# header to be its own or an older one. Needs Python 3.11 and Node 20 or later.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund node-seal@7.0.0 node@24.21.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check seal-python==4.4.0 numpy==2.4.6
cat > probe.mjs <<'JS'
import { readFileSync, writeFileSync } from 'node:fs'
import initialize from 'node-seal'
const seal = await initialize()
const none = seal.ComprModeType.none
const parms = new seal.EncryptionParameters(seal.SchemeType.ckks)
parms.setPolyModulusDegree(4096)
parms.setCoeffModulus(seal.CoeffModulus.Create(4096, Int32Array.of(40, 29, 40)))
const context = new seal.SEALContext(parms, true, seal.SecLevelType.tc128)
if (process.argv[2] === 'write') {
  const generator = new seal.KeyGenerator(context)
  const encryptor = new seal.Encryptor(context, generator.createPublicKey(), generator.secretKey())
  const [plain, cipher] = [new seal.Plaintext(), new seal.Ciphertext()]
  new seal.CKKSEncoder(context).encode(new Float64Array(2048).fill(1.5), 2 ** 29, plain)
  encryptor.encryptSymmetric(plain, cipher)
  writeFileSync('parms.412', parms.saveToArray(none))
  writeFileSync('key.412', generator.secretKey().saveToArray(none))
  writeFileSync('cipher.412', cipher.saveToArray(none))
} else {
  const objects = { parms: [new seal.EncryptionParameters(seal.SchemeType.ckks)], key: [new seal.SecretKey(), context], cipher: [new seal.Ciphertext(), context] }
  for (const [name, [object, ...rest]] of Object.entries(objects)) {
    const bytes = readFileSync(`${name}.44`)
    let answer = 'loaded'
    try { object.loadFromArray(...rest, new Uint8Array(bytes)) } catch (error) { answer = error.message[1] }
    console.log(`node-seal 7.0.0 reads ${name} of version ${bytes[3]}.${bytes[4]}: ${answer}`)
  }
}
JS
node_modules/.bin/node probe.mjs write
cat > probe.py <<'PY'
import pathlib, seal
parms = seal.EncryptionParameters(seal.scheme_type.ckks)
parms.load('parms.412')
context = seal.SEALContext(parms, True, seal.sec_level_type.tc128)
key, cipher, plain = seal.SecretKey(), seal.Ciphertext(), seal.Plaintext()
key.load(context, 'key.412')
cipher.load(context, 'cipher.412')
encoder = seal.CKKSEncoder(context)
seal.Decryptor(context, key).decrypt(cipher, plain)
header = pathlib.Path('cipher.412').read_bytes()
print(f'seal-python 4.4.0 reads cipher of version {header[3]}.{header[4]}: {round(float(encoder.decode(plain)[0]), 3)}')
none = seal.compr_mode_type.none
parms.save('parms.44', none)
key.save('key.44')
cipher.save('cipher.44', none)
PY
{ venv/bin/python probe.py; node_modules/.bin/node probe.mjs read; } | tee out.txt
# Seen on 2026-11-29:
# seal-python 4.4.0 reads cipher of version 4.1: 1.5
# node-seal 7.0.0 reads parms of version 4.4: incompatible version
# node-seal 7.0.0 reads key of version 4.4: incompatible version
# node-seal 7.0.0 reads cipher of version 4.4: incompatible version
grep -q '^seal-python 4.4.0 reads cipher of version 4.1: 1.5$' out.txt
for name in parms key cipher; do grep -q "^node-seal 7.0.0 reads $name of version 4.4: incompatible version$" out.txt; done
