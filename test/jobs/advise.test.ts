import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silent } from '../../src-main/core/progress.ts'
import { advise, type AdviseRequest, type AdviseResult } from '../../src-main/jobs/advise.ts'
import { readPlanFile } from '../../src-main/jobs/plan-file.ts'
import { plan } from '../../src-main/jobs/plan.ts'
import { npyFile } from '../support/npy.ts'
import { tinyOnnx } from '../support/tiny-onnx.ts'

/** A network of 22 units: its parameters are as secure as any. */
describe('advise', () => {
  let folder: string
  let request: AdviseRequest
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sealwright-advise-'))
    const calibration = join(folder, 'calibration.npy')
    const model = join(folder, 'tiny.onnx')
    await writeFile(model, tinyOnnx())
    const samples = Float64Array.from({ length: 100 * 16 }, (_, i) => Math.sin(i * i))
    await writeFile(calibration, npyFile([100, 1, 4, 4], samples))
    request = {
      ...{ model, calibration },
      preprocessing: { scale: 1, mean: [0], std: [1] },
      input: 'plain',
      minKept: 0.9,
      goal: 'exact',
      out: join(folder, 'plan.json'),
      force: false,
    }
  })
  afterAll(() => rm(folder, { recursive: true }))
  let advice: Promise<AdviseResult> | undefined
  const advised = (): Promise<AdviseResult> => (advice ??= advise(request, silent))

  it('compares deployments, recommends one for the goal and writes what protect takes', async () => {
    const { candidates, recommended, enough, complete, impossible } = await advised()
    expect(complete).toBe(true)
    expect(enough).toBe(true)
    expect(impossible).toEqual([])
    const chosen = candidates[recommended!]
    expect(chosen.keptLabels).toBe(1)
    expect(chosen.refreshes).toBeGreaterThan(0)
    const alone = candidates.filter(({ refreshes }) => refreshes === 0)
    expect(alone.length).toBeGreaterThan(0)
    for (const { updateBytes, bundleBytes, edgeSeconds, keptLow, keptLabels } of candidates) {
      expect(updateBytes).toBeLessThan(bundleBytes)
      expect(edgeSeconds).toBeGreaterThan(0)
      expect(keptLow).toBeLessThanOrEqual(keptLabels)
    }
    const { degree, degrees, splitPools, split } = chosen
    const written = await readPlanFile(request.out!)
    expect(written).toEqual({ degree, degrees, splitPools, split, input: 'plain', minKept: 0.9 })
  })

  it('forecasts what is exported', async () => {
    const { candidates } = await advised()
    const chosen = candidates.find(({ refreshes }) => refreshes === 0)!
    const { segments, basis } = await plan({ ...request, ...chosen }, silent)
    expect(basis).toBe('fit')
    const sum = (of: (segment: (typeof segments)[number]) => number): number =>
      segments.reduce((total, segment) => total + of(segment), 0)
    expect(chosen.bundleBytes / sum(({ bundleBytes }) => bundleBytes)).toBeCloseTo(1, 1)
    expect(chosen.edgeMemoryBytes / sum(({ edgeMemoryBytes }) => edgeMemoryBytes)).toBeCloseTo(1, 1)
    expect(chosen.edgeSeconds / sum((each) => each.edgeSecondsOnTwoThreads)).toBeCloseTo(1, 1)
  })

  it('is of this network: a plan with degrees of another one is refused', async () => {
    const choice = { ...(await readPlanFile(request.out!)), degrees: { relu_9: 4 as const } }
    const wrong = plan({ ...request, ...choice }, silent)
    await expect(wrong).rejects.toMatchObject({ code: 'unknown-activation', where: { layer: 'relu_9' } })
  })

  it('tries nothing with more round trips to the owner than wanted', async () => {
    const { candidates, skipped, triedRefreshes } = await advise(
      { ...request, goal: 'small', maxRefreshes: 0, out: undefined },
      silent,
    )
    expect(triedRefreshes).toBe(0)
    expect(candidates.length).toBeGreaterThan(0)
    expect(candidates.every(({ refreshes }) => refreshes === 0)).toBe(true)
    expect(skipped.every(({ split }) => split.by !== 'activations')).toBe(true)
    const all = await advised()
    expect(all.triedRefreshes).toBeUndefined()
  })

  it('tries degree 8 where no other keeps enough', async () => {
    const { candidates, beaten } = await advise(
      { ...request, quantities: true, goal: 'offline', maxRefreshes: 0, minKept: undefined, out: undefined },
      silent,
    )
    const errors = new Map([...candidates, ...beaten].map(({ degree, relativeError }) => [degree, relativeError]))
    expect(errors.get(4)).toBeGreaterThan(0.05)
    expect(errors.get(8)).toBeLessThan(errors.get(4)!)
  })

  it('gives what it found when it is stopped', async () => {
    const controller = new AbortController()
    const progress = () => controller.abort()
    const stopped = await advise(
      { ...request, out: undefined },
      {
        progress: (event) => event.kind === 'step' && event.stage === 'advise' && progress(),
        signal: controller.signal,
      },
    )
    expect(stopped.complete).toBe(false)
    expect(stopped.candidates.length).toBe(1)
  })

  it('refuses a plan file of another kind', async () => {
    const file = join(folder, 'other.json')
    await writeFile(file, '{"degree": 2}')
    await expect(readPlanFile(file)).rejects.toMatchObject({ code: 'bad-plan-file' })
    await expect(readPlanFile(join(folder, 'none.json'))).rejects.toMatchObject({ code: 'file-not-found' })
    expect(JSON.parse(await readFile(request.out!, 'utf8'))).toMatchObject({ format: 'sealwright-plan-1' })
  })
})
