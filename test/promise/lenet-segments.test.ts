import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { approximate } from '../../src-main/core/approximate/approximate.ts'
import { foldBetweenRefreshes } from '../../src-main/core/approximate/fold-into-squares.ts'
import { normalise } from '../../src-main/core/normalise/normalise.ts'
import { runLayers } from '../../src-main/core/network/run-layers.ts'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { silent } from '../../src-main/core/progress.ts'
import { exactLayersOf } from '../../src-main/core/segment/choose-exact.ts'
import { parseSplit } from '../../src-main/core/segment/cut.ts'
import { planSegments } from '../../src-main/core/segment/plan-segments.ts'
import { labelOf } from '../../src-main/core/network/classification.ts'
import { runSegmentsInProcess } from '../../src-main/jobs/run-segments.ts'
import { exportTiny, passphrase, temporaryFolder } from '../owner/exported.ts'
import { mnistSamples } from '../support/mnist-samples.ts'

const lenet5 = normalise(readOnnx(new Uint8Array(readFileSync(new URL('../../assets/lenet5.onnx', import.meta.url)))))

/** Degree and refit matter to accuracy, not to whether the encrypted network is the planned one. */
const quick = { degree: 2, refit: false, distort: false } as const

describe('LeNet-5 in segments', () => {
  it.each([
    ['relu_5:exact', ['exact']],
    ['relu_2:hand-off,relu_5:refresh', ['hand-off', 'refresh']],
    ['relu_2:hand-off,relu_5:exact,gemm_7:refresh,gemm_9:hand-off', ['hand-off', 'exact', 'refresh', 'hand-off']],
  ])('cut at %s gives what its plan gives', async (text, kinds) => {
    const split = parseSplit(text)
    const calibration = mnistSamples(0, 40)
    const degrees = new Map([...exactLayersOf(lenet5, split, 2)].map((id) => [id, 'exact'] as const))
    const polynomial = await approximate(lenet5, calibration, { ...quick, degrees }, silent)
    const planned = planSegments(foldBetweenRefreshes(polynomial, calibration), split, {})
    expect(planned.cuts.map(({ kind }) => kind)).toEqual(kinds)
    const folder = await temporaryFolder()
    const out = join(folder, 'nodes')
    const { deploymentId: deployment } = await exportTiny(folder, { ...planned, out, perNode: true })
    const request = { bundle: out, keys: join(folder, 'keys'), passphrase, deployment }
    const images = mnistSamples(100, 2)
    const runner = { threads: 2, evaluator: 'auto' } as const
    const { outputs, segments } = await runSegmentsInProcess({ ...request, runner }, images, silent)
    await rm(folder, { recursive: true })
    expect(segments.map(({ cut }) => cut)).toEqual([...kinds, undefined])
    images.forEach((image, i) => {
      const expected = runLayers(polynomial, image)
      expect(labelOf(outputs[i])).toBe(labelOf(expected))
      const largest = Math.max(...expected.map(Math.abs))
      expected.forEach((value, j) => expect(Math.abs(outputs[i][j] - value)).toBeLessThan(0.005 * largest))
    })
  })
})
