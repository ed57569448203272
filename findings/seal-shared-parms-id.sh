#!/usr/bin/env bash
# SEAL (node-seal 7.0.0): two contexts whose chains differ share the identity (parms_id) of every data level that has the
# same primes. A context of five primes and one of the first two and the special one therefore pass ciphertexts to and fro:
# what the large one encrypted and switched down loads in the small one, is added there, and decrypts in the large one. The
# decryptor of the small context, with a key of its own, takes it as well and gives numbers of 10^9 and more, no error:
# the identity says nothing about the key or the context. Source: parms_id hashes scheme, degree and the level's own
# primes, not the chain above it or the special prime. Needs Node 20 or later.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund node-seal@7.0.0 node@24.21.0
cat > probe.mjs <<'JS'
import initialize from 'node-seal'
const seal = await initialize()
const five = seal.CoeffModulus.Create(8192, Int32Array.of(36, 30, 30, 30, 40))
const three = new seal.VectorModulus()
for (const index of [0, 1, 4]) three.push_back(five.get(index))
function side(primes) {
  const parms = new seal.EncryptionParameters(seal.SchemeType.ckks)
  parms.setPolyModulusDegree(8192)
  parms.setCoeffModulus(primes)
  const context = new seal.SEALContext(parms, true, seal.SecLevelType.tc128)
  const generator = new seal.KeyGenerator(context)
  const encryptor = new seal.Encryptor(context, generator.createPublicKey(), generator.secretKey())
  const decryptor = new seal.Decryptor(context, generator.secretKey())
  const evaluator = new seal.Evaluator(context)
  return { context, encryptor, decryptor, evaluator, encoder: new seal.CKKSEncoder(context) }
}
const levels = ({ context }) => {
  const ids = []
  for (let data = context.firstContextData(); ; data = data.nextContextData()) {
    ids.push(data.parmsId().values().join())
    if (data.chainIndex() === 0) return ids
  }
}
const move = (cipher, context) => {
  const moved = new seal.Ciphertext()
  moved.loadFromArray(context, cipher.saveToArray(seal.ComprModeType.none))
  return moved
}
const decrypt = ({ decryptor, encoder }, cipher) => {
  const plain = new seal.Plaintext()
  decryptor.decrypt(cipher, plain)
  return encoder.decodeFloat64(plain)
}
const [large, small] = [side(five), side(three)]
const values = Float64Array.from({ length: 4096 }, (_, slot) => Math.sin(slot))
const [plain, cipher] = [new seal.Plaintext(), new seal.Ciphertext()]
large.encoder.encode(values, 2 ** 30, plain)
large.encryptor.encryptSymmetric(plain, cipher)
large.evaluator.cipherModSwitchToInplace(cipher, small.context.firstParmsId())
const inSmall = move(cipher, small.context)
small.evaluator.addInplace(inSmall, inSmall)
const back = decrypt(large, move(inSmall, large.context))
console.log(JSON.stringify({
  version: '7.0.0',
  keyLevelsAlike: large.context.keyParmsId().values().join() === small.context.keyParmsId().values().join(),
  levelsOfLarge: levels(large).length,
  levelsOfSmall: levels(small).length,
  shared: levels(small).filter((id) => levels(large).includes(id)).length,
  doubled: back.every((value, slot) => Math.abs(value - 2 * values[slot]) < 1e-4),
  strangersKeyGivesHugeNumbers: Math.max(...decrypt(small, inSmall).map(Math.abs)) > 1e9,
}))
JS
node_modules/.bin/node probe.mjs | tee out.txt
# Seen on 2026-11-29:
# {"version":"7.0.0","keyLevelsAlike":false,"levelsOfLarge":4,"levelsOfSmall":2,"shared":2,"doubled":true,"strangersKeyGivesHugeNumbers":true}
grep -q '"keyLevelsAlike":false,"levelsOfLarge":4,"levelsOfSmall":2,"shared":2,"doubled":true,"strangersKeyGivesHugeNumbers":true' out.txt
