import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import { weightEntries } from '../../src-main/core/plan/plan.ts'
import { compactWeights } from '../../src-main/core/planner/compact.ts'
import { planNetwork } from '../../src-main/core/planner/plan-network.ts'
import { silent } from '../../src-main/core/progress.ts'
import { runSegmentsInProcess } from '../../src-main/jobs/run-segments.ts'
import type { ProtectResult } from '../../src-main/owner/protect.ts'
import { exportTiny, passphrase, temporaryFolder } from '../owner/exported.ts'
import { forward, networkBuilder, randomInput } from '../planner/networks.ts'

describe('a network whose weights are expanded at the edge', () => {
  const b = networkBuilder([1, 12, 12])
  b.square('s1', b.conv('c1', INPUT, 8, 3, 1, 1))
  const model = { ...b.model(b.conv('c2', 's1', 8, 3, 1, 0)), bounds: new Map([['c2', 4]]) }
  const network = compactWeights(planNetwork(model, { searchWidth: 4 }))
  let folder: string
  let exported: ProtectResult

  beforeAll(async () => {
    folder = await temporaryFolder()
    exported = await exportTiny(folder, { segments: [network] })
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('has fewer ciphertexts than weight vectors', () => {
    const { weights, expansions } = network.plan
    expect(weightEntries(network.plan).length).toBeLessThan(weights.length / 4)
    expect(expansions).not.toHaveLength(0)
  })

  it.each([
    { evaluator: 'kernels', threads: 2 },
    { evaluator: 'simd-f64', threads: 1 },
    { evaluator: 'seal', threads: 1 },
  ] as const)('gives what the network gives on $evaluator', async ({ evaluator, threads }) => {
    const sample = randomInput(model)
    const expected = forward(model, sample).get('c2')!
    const bundle = join(folder, 'tiny.sealed')
    const request = { bundle, keys: join(folder, 'keys'), passphrase, deployment: exported.deploymentId }
    const { outputs } = await runSegmentsInProcess({ ...request, runner: { threads, evaluator } }, [sample], silent)
    const largest = Math.max(...expected.map(Math.abs))
    const worst = Math.max(...expected.map((value, i) => Math.abs(outputs[0][i] - value)))
    expect(worst).toBeLessThan(0.005 * largest)
  })
})
