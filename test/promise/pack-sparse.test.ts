import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodePlan, encodePlan } from '../../src-main/core/bundle/plan-json.ts'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import type { SquareModel } from '../../src-main/core/network/square-model.ts'
import { ClearEvaluator } from '../../src-main/core/plan/clear-evaluator.ts'
import { expansionPlan, weightEntries, type Plan } from '../../src-main/core/plan/plan.ts'
import { runPlan } from '../../src-main/core/plan/run-plan.ts'
import { silent } from '../../src-main/core/progress.ts'
import { WHOLE } from '../../src-main/core/segment/cut.ts'
import { planSegments } from '../../src-main/core/segment/plan-segments.ts'
import { runSegmentsInProcess } from '../../src-main/jobs/run-segments.ts'
import type { ProtectResult } from '../../src-main/owner/protect.ts'
import { exportTiny, passphrase, temporaryFolder } from '../owner/exported.ts'
import { forward, networkBuilder, randomInput } from '../planner/networks.ts'

describe('a network whose weights share ciphertexts and are masked', () => {
  const modelOf = (seed: number): SquareModel => {
    const b = networkBuilder([1, 12, 12], seed)
    b.square('s1', b.conv('c1', INPUT, 4, 3, 1, 0))
    b.pool('p1', 's1', 2, 2)
    b.square('s2', b.conv('c2', 'p1', 8, 3, 1, 0))
    return { ...b.model(b.dense('d1', 's2', 24)), bounds: new Map([['d1', 4]]) }
  }
  const model = modelOf(1)
  const planned = (msPerMegabyte: number) => planSegments(model, WHOLE, { searchWidth: 4, msPerMegabyte }).segments[0]
  const network = planned(16)
  let folder: string
  let exported: ProtectResult

  beforeAll(async () => {
    folder = await temporaryFolder()
    exported = await exportTiny(folder, { segments: [network] })
  })
  afterAll(() => rm(folder, { recursive: true }))

  const masked = ({ expansions = [] }: Plan) =>
    expansions.filter(({ instructions }) => instructions.some(({ op }) => op === 'mask-sum'))

  it('has fewer ciphertexts than weight vectors, where bytes are dear', () => {
    const { weights } = network.plan
    const terms = masked(network.plan).map(({ instructions }) =>
      instructions.flatMap((i) => (i.op === 'mask-sum' ? [i.values.length] : [])),
    )
    // A convolution's vectors are sums of 32, a dense layer's are single ones.
    expect(new Set(terms.flat())).toEqual(new Set([1, 32]))
    expect(weightEntries(network.plan).length).toBeLessThan(weights.length / 2)
    expect(masked(planned(0.5).plan)).toHaveLength(0)
  })

  it('takes from each exactly what was put in, and nothing of the others', () => {
    const { plan, weightVectors, expandedVectors } = network
    plan.expansions!.forEach((expansion, index) => {
      if (!expansion.instructions.some(({ op }) => op === 'mask-sum')) return
      const [packed] = expandedVectors!(index)
      const made = runPlan(expansionPlan(plan, expansion, true), new ClearEvaluator(plan, weightVectors), [packed])
      expansion.results.forEach(({ weight }, i) => expect(made[i]).toEqual(weightVectors(weight)))
    })
  })

  it('comes back from its bytes, each distinct mask once, and says nothing of its weights', () => {
    const read = decodePlan(encodePlan(network.plan))
    expect(read).toEqual(network.plan)
    const masks = masked(read).flatMap(({ instructions }) =>
      instructions.flatMap((i) => (i.op === 'mask-sum' ? i.masks : [])),
    )
    const written = new Set(masks)
    expect(written.size).toBe(new Set(masks.map((slots) => slots.join())).size)
    expect(written.size).toBeLessThan(masks.length / 2)
    const { plan } = planSegments(modelOf(7), WHOLE, { searchWidth: 4, msPerMegabyte: 16 }).segments[0]
    expect(encodePlan(plan)).toEqual(encodePlan(network.plan))
  })

  it.each([
    { evaluator: 'kernels', threads: 2 },
    { evaluator: 'simd-f64', threads: 1 },
    { evaluator: 'seal', threads: 1 },
  ] as const)('gives what the network gives on $evaluator', async ({ evaluator, threads }) => {
    const sample = randomInput(model)
    const expected = forward(model, sample).get('d1')!
    const bundle = join(folder, 'tiny.sealed')
    const request = { bundle, keys: join(folder, 'keys'), passphrase, deployment: exported.deploymentId }
    const { outputs } = await runSegmentsInProcess({ ...request, runner: { threads, evaluator } }, [sample], silent)
    const largest = Math.max(...expected.map(Math.abs))
    const worst = Math.max(...expected.map((value, i) => Math.abs(outputs[0][i] - value)))
    expect(worst).toBeLessThan(0.005 * largest)
  })
})
