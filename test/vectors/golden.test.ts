import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { approximate } from '../../src-main/core/approximate/approximate.ts'
import { foldBetweenRefreshes } from '../../src-main/core/approximate/fold-into-squares.ts'
import { runLayers } from '../../src-main/core/network/run-layers.ts'
import { normalise } from '../../src-main/core/normalise/normalise.ts'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { silent } from '../../src-main/core/progress.ts'
import { WHOLE } from '../../src-main/core/segment/cut.ts'
import { planSegments } from '../../src-main/core/segment/plan-segments.ts'
import { inMemory } from '../../src-main/data/byte-source.ts'
import { parseNpy } from '../../src-main/data/npy.ts'
import { runSegmentsInProcess } from '../../src-main/jobs/run-segments.ts'
import { exportTiny, passphrase, temporaryFolder } from '../owner/exported.ts'

/** What ONNX Runtime gave for these networks, tensor by tensor; golden/README.md. */
const root = join(import.meta.dirname, 'golden')
const names = (await readdir(root, { withFileTypes: true })).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
)
/** Those whose activations are squares can be encrypted as they are. */
const isPolynomial = (name: string): boolean => name !== 'relu-and-maxima'

async function rowsOf(...path: string[]): Promise<Float64Array[]> {
  const { dims, read } = parseNpy(inMemory(await readFile(join(root, ...path))), path.join('/'))
  const size = dims.slice(1).reduce((product, each) => product * each, 1)
  return Array.from({ length: dims[0] }, (_, i) => Float64Array.from(read(i * size, size)))
}

function expectClose(actual: Float64Array, expected: Float64Array, relative: number, what: string): void {
  expect(actual.length, what).toBe(expected.length)
  const largest = Math.max(...expected.map(Math.abs))
  actual.forEach((value, i) => expect(Math.abs(value - expected[i]), what).toBeLessThanOrEqual(relative * largest))
}

describe.each(names)('the golden vectors of %s', (name) => {
  it('are what our layers compute, activation by activation', async () => {
    const model = normalise(readOnnx(await readFile(join(root, name, 'network.onnx'))))
    const [inputs, outputs] = [await rowsOf(name, 'inputs.npy'), await rowsOf(name, 'outputs.npy')]
    const order = JSON.parse(await readFile(join(root, name, 'activations.json'), 'utf8')) as string[]
    const expected = await Promise.all(order.map((tensor) => rowsOf(name, 'activations', `${tensor}.npy`)))
    for (const [i, input] of inputs.entries()) {
      const computed: Float64Array[] = []
      const output = runLayers(model, input, ({ kind }, [values]) => {
        if (kind === 'activation') computed.push(values)
      })
      expect(computed).toHaveLength(order.length)
      computed.forEach((values, at) => expectClose(values, expected[at][i], 1e-5, order[at]))
      expectClose(output, outputs[i], 1e-5, 'y')
    }
  })

  if (!isPolynomial(name)) return
  it('are what the kernels compute on ciphertexts', async () => {
    const inputs = await rowsOf(name, 'inputs.npy')
    const expected = await rowsOf(name, 'outputs.npy')
    const model = normalise(readOnnx(await readFile(join(root, name, 'network.onnx'))))
    const polynomial = await approximate(model, inputs, { degree: 2 }, silent)
    const folder = await temporaryFolder()
    try {
      const planned = planSegments(foldBetweenRefreshes(polynomial, inputs), WHOLE, { input: 'encrypted' })
      const { deploymentId: deployment } = await exportTiny(folder, planned)
      const request = { bundle: join(folder, 'tiny.sealed'), keys: join(folder, 'keys'), passphrase, deployment }
      const runner = { threads: 1, evaluator: 'kernels' } as const
      const { outputs } = await runSegmentsInProcess({ ...request, runner }, inputs, silent)
      outputs.forEach((output, i) => expectClose(output, expected[i], 0.005, `sample ${i}`))
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
