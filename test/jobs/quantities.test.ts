import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chooseDegrees } from '../../src-main/core/compile/choose-degrees.ts'
import { silent } from '../../src-main/core/progress.ts'
import { Stopwatch } from '../../src-main/core/stopwatch.ts'
import { approximateOpened } from '../../src-main/jobs/compile.ts'
import { decrypt } from '../../src-main/jobs/decrypt.ts'
import { edgeRun } from '../../src-main/jobs/edge-run.ts'
import { listKeys } from '../../src-main/jobs/keys.ts'
import { openNetwork, openNetworkFile } from '../../src-main/jobs/open-network.ts'
import { textOf } from '../../src-main/cli/commands/decrypt.ts'
import { reportText, validate } from '../../src-main/jobs/validate.ts'
import { runLayers } from '../../src-main/core/network/run-layers.ts'
import { protect } from '../../src-main/jobs/protect.ts'
import { warnOfImageOutputs } from '../../src-main/jobs/image-outputs.ts'
import { importModel } from '../models/compare.ts'
import { model, node } from '../onnx/small-model.ts'
import type { TestNode, TestTensor } from '../onnx/write-model.ts'
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

describe('a network whose outputs have places', () => {
  const warnings = (nodes: readonly TestNode[], constants: Record<string, TestTensor>, quantities?: true) => {
    const said: string[] = []
    const network = { ...importModel(model(['N', 1, 4, 4], nodes, constants)), ...(quantities && { quantities }) }
    warnOfImageOutputs(network, { progress: (event) => void (event.kind === 'warning' && said.push(event.message)) })
    return said
  }
  const filter = (channels: number) => ({ w: { shape: [channels, 1, 3, 3], values: Array(9 * channels).fill(0.1) } })
  const conv = [node('Conv', 'x w', 'y')]

  it('is said to be taken for a classifier, unless its owner says otherwise', () => {
    const message = expect.stringMatching(/^The network gives 3 × 2 × 2 numbers.*--quantities says/)
    expect(warnings(conv, filter(3))).toEqual([message])
    expect(warnings(conv, filter(3), true)).toEqual([])
  })

  it('but not where they are a vector', () => {
    const pooled = [node('Conv', 'x w', 'c'), node('GlobalAveragePool', 'c', 'y')]
    expect(warnings(pooled, filter(3))).toEqual([])
    expect(warnings([node('Conv', 'x w', 'c'), node('Flatten', 'c', 'y')], filter(3))).toEqual([])
  })
})

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

  const sealing = () => ({
    ...request(),
    quantities: true,
    input: 'encrypted' as const,
    keys: join(folder, 'keys'),
    out: join(folder, 'place.sealed'),
    passphrase: 'five random words make one',
  })

  it('is sealed by its errors where its owner says so; its file looks like a classifier’s', async () => {
    await expect(protect({ ...sealing(), minKept: 0.999999 }, silent)).rejects.toMatchObject({
      code: 'keeps-too-little',
      message: expect.stringMatching(
        /^The approximated network keeps outputs within [\d.]+ % on 12 samples held out\.$/,
      ),
      hint: expect.stringMatching(/^Within 0\.0001 % are asked for/),
    })
  })

  it('is not measured on one sample, which does not tell how much its outputs vary', async () => {
    const keptOf = async (maxSamples: number) => {
      const asked = { ...request(), quantities: true, maxSamples }
      const opened = await openNetworkFile(asked)
      return (await approximateOpened(asked, opened, silent, new Stopwatch(silent))).kept
    }
    expect(await keptOf(9)).toBeUndefined()
    expect((await keptOf(10))?.relativeError).toBeLessThan(10)
  })

  it('tells its quantities, and no label', async () => {
    const refused = { code: 'quantities-have-no-labels', hint: expect.stringContaining('--reveal scores') }
    for (const reveal of [{ mode: 'label' }, { mode: 'top-k', k: 2 }] as const)
      await expect(protect({ ...sealing(), reveal }, silent)).rejects.toMatchObject(refused)
    const { keys, out: bundle, passphrase } = sealing()
    await protect({ ...sealing(), releases: 1 }, silent)
    const result = join(folder, 'place.result')
    await edgeRun({ bundle, input: join(folder, 'x.npy'), index: 1, out: result, force: true }, silent)
    const opening = { result, keys, passphrase }
    const spent = async () => (await listKeys({ keys }, silent))[0].budget
    const before = await spent()
    await expect(decrypt({ ...opening, reveal: { mode: 'label' } }, silent)).rejects.toMatchObject(refused)
    expect(await spent()).toEqual(before)
    const opened = await decrypt({ ...opening, beyondBudget: true }, silent)
    const [first, second] = await originalOf(samples[1])
    const [x, y] = opened.scores!
    // A polynomial stands for the ReLU, and noise protects the key.
    expect(Math.hypot(x - first, y - second)).toBeLessThan(0.1 * Math.hypot(first, second))
    expect(textOf(opened)).toMatch(/^output -?[\d.]+, -?[\d.]+$/)
  })

  const originalOf = async (sample: Float64Array) => runLayers(await openNetwork(request()), sample)

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
