/**
 * From a trained network to a label, with Sealwright as a library:
 *   npx node examples/protect-and-run/main.ts MODEL CALIBRATION INPUT [SCALE]
 * SCALE multiplies stored values, such as 0.00392156862745098 for pixels. Files go to a temporary folder that is removed.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compile, decrypt, openBundle, protect, runBundle, UserError } from 'sealwright'

const [model, calibration, input, scale = '1'] = process.argv.slice(2)
const preprocessing = { scale: Number(scale), mean: [0], std: [1] }
const folder = await mkdtemp(join(tmpdir(), 'sealwright-example-'))
const [keys, out, result] = ['keys', 'network.sealed', 'answer.result'].map((name) => join(folder, name))
const passphrase = 'an example, not a secret'

try {
  console.log('--- Compile: what would it take? No key is needed. ---')
  const { segments } = await compile({ model, calibration, preprocessing })
  console.log(`${segments.length} segment, N = ${segments[0].plan.parameters.polyModulusDegree}`)

  console.log('--- Keys and weights: the owner, on a machine that it trusts ---')
  // So few calibration samples hold none out; a real network is judged on them: leave minKept open.
  const { bundleBytes, keyBytes } = await protect({
    model,
    calibration,
    preprocessing,
    keys,
    out,
    passphrase,
    minKept: 0,
  })
  console.log(`a bundle of ${bundleBytes} bytes, ${keyBytes} of them public keys`)

  console.log('--- Anybody: is the bundle what its owner signed? ---')
  const bundle = await openBundle(out)
  console.log(`${bundle.manifest.model.name}: every byte verified`)
  await bundle.close()

  console.log('--- The edge: computes on ciphertexts, in a process without a secret ---')
  const { seconds, evaluator } = await runBundle({ bundle: out, input, out: result })
  console.log(`${seconds.toFixed(1)} s, by ${evaluator}`)

  console.log('--- The owner: opens the result ---')
  console.log(JSON.stringify(await decrypt({ result, keys, passphrase })))
} catch (error) {
  if (!(error instanceof UserError)) throw error
  console.error(`${error.code}: ${error.message} ${error.hint ?? ''}`)
  process.exitCode = 1
} finally {
  await rm(folder, { recursive: true })
}
