#!/usr/bin/env bash
# SEAL (node-seal 7.0.0): rotating by 3 with Galois keys for the steps 1 and 2 fails with "Galois key not present", though
# 1 + 2 = 3; with keys for 4 and -1 it works, in two key switches. SEAL writes a step that has no key of its own in signed
# digits of which no two neighbours are set (3 = 4 - 1) and looks for those keys only. A set of powers of two without the
# negative ones is therefore not enough. Source: non-adjacent form in native/src/seal/util/numth.h. Needs Node 20 or
# later.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund node-seal@7.0.0 node@24.21.0
cat > probe.mjs <<'JS'
import initialize from 'node-seal'
const seal = await initialize()
const parms = new seal.EncryptionParameters(seal.SchemeType.ckks)
parms.setPolyModulusDegree(4096)
parms.setCoeffModulus(seal.CoeffModulus.Create(4096, Int32Array.of(38, 29, 40)))
const context = new seal.SEALContext(parms, true, seal.SecLevelType.tc128)
const generator = new seal.KeyGenerator(context)
const encoder = new seal.CKKSEncoder(context)
const encryptor = new seal.Encryptor(context, generator.createPublicKey(), generator.secretKey())
const decryptor = new seal.Decryptor(context, generator.secretKey())
const evaluator = new seal.Evaluator(context)
const values = Float64Array.from({ length: 2048 }, (_, slot) => Math.sin(slot))
const plain = new seal.Plaintext()
encoder.encode(values, 2 ** 29, plain)
const results = {}
for (const steps of [[1, 2], [4, -1]]) {
  const keys = generator.createGaloisKeysWithSteps(Int32Array.from(steps))
  const [cipher, rotated] = [new seal.Ciphertext(), new seal.Plaintext()]
  encryptor.encryptSymmetric(plain, cipher)
  try {
    evaluator.rotateVectorInplace(cipher, 3, keys)
    decryptor.decrypt(cipher, rotated)
    const right = encoder.decodeFloat64(rotated).every((value, slot) => Math.abs(value - values[(slot + 3) % 2048]) < 1e-3)
    results[steps.join(',')] = right ? 'rotated by 3' : 'wrong'
  } catch (error) {
    results[steps.join(',')] = error.message[1]
  }
}
console.log(JSON.stringify({ version: '7.0.0', keysForSteps: results }))
JS
node_modules/.bin/node probe.mjs | tee out.txt
# Seen on 2026-11-29:
# {"version":"7.0.0","keysForSteps":{"1,2":"Galois key not present","4,-1":"rotated by 3"}}
grep -q '{"1,2":"Galois key not present","4,-1":"rotated by 3"}' out.txt
