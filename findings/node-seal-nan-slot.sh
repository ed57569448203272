#!/usr/bin/env bash
# node-seal 7.0.0: one NaN among the values given to the CKKS encoder makes a plaintext that is zero in every slot, and
# nothing is thrown: the encryption of it decrypts to zeros too. An encoder that spoils one slot would be noticed; 2,048
# plausible zeros are not. The encoder's transform spreads the NaN over every coefficient, and WebAssembly's saturating
# conversion turns each into the integer 0. Needs Node 20 or later.
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
parms.setCoeffModulus(seal.CoeffModulus.Create(4096, Int32Array.of(40, 29, 40)))
const context = new seal.SEALContext(parms, true, seal.SecLevelType.tc128)
const generator = new seal.KeyGenerator(context)
const encoder = new seal.CKKSEncoder(context)
const encryptor = new seal.Encryptor(context, generator.createPublicKey(), generator.secretKey())
const decryptor = new seal.Decryptor(context, generator.secretKey())
const values = Float64Array.from({ length: 2048 }, (_, slot) => 1 + slot / 2048)
for (const nan of [false, true]) {
  if (nan) values[7] = NaN
  const [plain, cipher, decrypted] = [new seal.Plaintext(), new seal.Ciphertext(), new seal.Plaintext()]
  encoder.encode(values, 2 ** 29, plain)
  const encodedIsZero = plain.isZero()
  encryptor.encryptSymmetric(plain, cipher)
  decryptor.decrypt(cipher, decrypted)
  const largest = Math.max(...encoder.decodeFloat64(decrypted).map(Math.abs))
  console.log(JSON.stringify({ version: '7.0.0', nan, encodedIsZero, largestDecrypted: Number(largest.toFixed(3)) }))
}
JS
node_modules/.bin/node probe.mjs | tee out.txt
# Seen on 2026-11-29:
# {"version":"7.0.0","nan":false,"encodedIsZero":false,"largestDecrypted":2}
# {"version":"7.0.0","nan":true,"encodedIsZero":true,"largestDecrypted":0}
grep -q '"nan":false,"encodedIsZero":false,"largestDecrypted":2}' out.txt
grep -q '"nan":true,"encodedIsZero":true,"largestDecrypted":0}' out.txt
