/** A network whose activation nobody has heard of, from the file to a label: npx node examples/custom-activation/main.ts */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compile, decrypt, protect, runBundle } from 'sealwright'

const [model, samples] = ['network.onnx', 'samples.npy'].map((name) => join(import.meta.dirname, name))
const folder = await mkdtemp(join(tmpdir(), 'sealwright-example-'))
const [keys, out, result] = ['keys', 'network.sealed', 'answer.result'].map((name) => join(folder, name))
const passphrase = 'an example, not a secret'
// A fit that was made is kept here, for whatever asks for the same one later.
const fits = join(folder, 'fits')
// Fewer than usual, since an example should not take long.
const tuningEpochs = 10

try {
  console.log('--- What it was read as, and what polynomials make of it ---')
  for (const degree of [2, 4] as const) {
    const { polynomial, kept } = await compile({ model, calibration: samples, degree, tuningEpochs, fits })
    for (const { id, fit } of polynomial.layers.filter((layer) => layer.kind === 'polynomial')) {
      console.log(`degree ${degree}: ${id}, ${fit.original}, error ${fit.rootMeanSquareError.toFixed(3)}`)
    }
    console.log(`degree ${degree} keeps ${JSON.stringify(kept)}`)
  }

  console.log('--- Protected, and run encrypted ---')
  await protect({ model, calibration: samples, degree: 4, tuningEpochs, fits, keys, out, passphrase })
  const { seconds } = await runBundle({ bundle: out, input: samples, index: 3, out: result })
  console.log(`${seconds.toFixed(1)} s at the edge`)
  console.log(JSON.stringify(await decrypt({ result, keys, passphrase })))
} finally {
  await rm(folder, { recursive: true })
}
