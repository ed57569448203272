import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import { hasLoadPrime } from '../../src-main/core/planner/load-prime.ts'
import { silent } from '../../src-main/core/progress.ts'
import { parseSplit } from '../../src-main/core/segment/cut.ts'
import { planSegments } from '../../src-main/core/segment/plan-segments.ts'
import { runSegmentsInProcess } from '../../src-main/jobs/run-segments.ts'
import type { ProtectResult } from '../../src-main/owner/protect.ts'
import { exportTiny, passphrase, temporaryFolder } from '../owner/exported.ts'
import { forward, networkBuilder, randomInput } from '../planner/networks.ts'

describe('a network whose second segment loads its first weights with a prime more than its values have', () => {
  const b = networkBuilder([1, 8, 8], 3)
  b.square('s0', b.conv('c0', INPUT, 8, 1, 1, 0))
  b.square('s1', b.conv('c1', 's0', 8, 3, 1, 1))
  const bounds = new Map([
    ['s0', 4],
    ['d', 4],
  ])
  const model = { ...b.model(b.dense('d', 's1', 6)), bounds }
  const planned = planSegments(model, parseSplit('s0:refresh'), { searchWidth: 4, msPerMegabyte: 50 })
  let folder: string
  let exported: ProtectResult

  beforeAll(async () => {
    folder = await temporaryFolder()
    exported = await exportTiny(folder, planned)
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('gives what the network gives, refreshed by its owner', async () => {
    expect(planned.segments.map(({ plan }) => hasLoadPrime(plan))).toContain(true)
    const sample = randomInput(model)
    const expected = forward(model, sample).get('d')!
    const request = { bundle: join(folder, 'tiny.sealed'), keys: join(folder, 'keys'), passphrase }
    const runner = { threads: 2, evaluator: 'kernels' } as const
    const deployment = exported.deploymentId
    const { outputs } = await runSegmentsInProcess({ ...request, deployment, runner }, [sample], silent)
    const largest = Math.max(...expected.map(Math.abs))
    const worst = Math.max(...expected.map((value, i) => Math.abs(outputs[0][i] - value)))
    expect(worst).toBeLessThan(0.005 * largest)
  })
})
