import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chooseDegrees } from '../../src-main/core/compile/choose-degrees.ts'
import { openNetwork } from '../../src-main/jobs/open-network.ts'
import { reportText, validate } from '../../src-main/jobs/validate.ts'
import { protect } from '../../src-main/jobs/protect.ts'
import { model, node } from '../onnx/small-model.ts'
import { npyFile } from '../support/npy.ts'

/** Two numbers that no label tells. */
const regressor = model(
  ['N', 1, 2, 2],
  [node('Flatten', 'x', 'f'), node('Relu', 'f', 'r'), node('Gemm', 'r w b', 'place')],
  {
    w: { shape: [4, 2], values: [1, 0.5, -1, 0.25, 2, -0.5, -2, 1] },
    b: { shape: [2], values: [5, 0] },
  },
)

describe('a network of several quantities', () => {
  let folder: string
  const samples = Array.from({ length: 60 }, (_, k) =>
    Float64Array.from({ length: 4 }, (_, i) => Math.sin(1.7 * (4 * k + i)) + Math.sin(0.3 * (4 * k + i))),
  )
  const preprocessing = { scale: 1, mean: [0], std: [1] }
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sealwright-quantities-'))
    await writeFile(join(folder, 'place.onnx'), regressor)
    await writeFile(
      join(folder, 'x.npy'),
      npyFile([60, 1, 2, 2], Float32Array.from(samples.flatMap((sample) => [...sample]))),
    )
  })
  afterAll(() => rm(folder, { recursive: true }))

  const request = () => ({
    model: join(folder, 'place.onnx'),
    calibration: join(folder, 'x.npy'),
    preprocessing,
    degree: 2 as const,
    tuningEpochs: 0,
    force: true,
  })

  it('is sealed by its errors where its owner says so; its file looks like a classifier’s', async () => {
    const silent = { progress() {} }
    const sealing = {
      ...request(),
      input: 'encrypted' as const,
      keys: join(folder, 'keys'),
      out: join(folder, 'place.sealed'),
      passphrase: 'five random words make one',
      minKept: 0.999999,
    }
    await expect(protect({ ...sealing, quantities: true }, silent)).rejects.toMatchObject({
      code: 'keeps-too-little',
      message: expect.stringMatching(
        /^The approximated network keeps outputs within [\d.]+ % on 12 samples held out\.$/,
      ),
      hint: expect.stringMatching(/^Within 0\.0001 % are asked for/),
    })
  })

  it('is validated by errors too', async () => {
    const { force: _, ...choice } = request()
    const data = join(folder, 'x.npy')
    const common = { ...choice, data, encrypted: 0, force: true, quantities: true, input: 'encrypted' as const }
    const report = await validate(common, { progress() {} })
    expect(report.judgedBy).toBe('error')
    expect(reportText(report)).not.toMatch(/agreement|label/i)
    // The first output is the larger one of every sample, which says nothing.
    const asLabels = await validate({ ...common, quantities: false }, { progress() {} })
    expect(asLabels).toMatchObject({ judgedBy: 'labels', polynomial: { agreement: 1 } })
  })

  it('gets degrees by its errors', async () => {
    const opened = await openNetwork({ ...request(), quantities: true })
    const choice = { target: 0.9999, approximation: { tuningEpochs: 0 } }
    const byErrors = await chooseDegrees(opened, samples, choice, { progress() {} })
    expect(byErrors.chosen.agreement).toBeLessThan(0.9999)
    const byLabels = await chooseDegrees({ ...opened, quantities: undefined }, samples, choice, { progress() {} })
    expect(byLabels.chosen).toMatchObject({ agreement: 1, degrees: new Map() })
  })
})
