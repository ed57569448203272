import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { UserError } from '../../src-main/core/errors.ts'
import type { WorkContext } from '../../src-main/core/progress.ts'
import { WHOLE, type Split } from '../../src-main/core/segment/cut.ts'
import { inspect, type InspectResult } from '../../src-main/jobs/inspect.ts'
import { plan } from '../../src-main/jobs/plan.ts'
import { PRESETS } from '../../src-main/jobs/presets.ts'
import { writeModel } from '../onnx/write-model.ts'
import { conv, end, image, node, random, w } from '../models/field-kinds.ts'
import { buildModel } from './build-model.ts'

const graphs = 20
/** The same graphs for every commit: what a random one takes to plan has no bound, and these are known to take little. */
const knownSeed = 1528228028
const work: WorkContext = { signal: new AbortController().signal, progress: () => undefined }
const EXACT: Split = { by: 'activations', kind: 'exact' }

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealwright-plannable-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The error's code, and its message; undefined where there is none. */
async function refusalOf(run: () => Promise<unknown>): Promise<{ code: string; message: string } | undefined> {
  try {
    await run()
    return undefined
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return { code: error.code, message: error.message }
  }
}

/** What inspect says, and what plan does: refusals of one segment and of exact activations. */
async function outcomes(bytes: Uint8Array) {
  const model = join(folder, 'network.onnx')
  writeFileSync(model, bytes)
  let inspected: InspectResult | undefined
  const inspectRefused = await refusalOf(async () => {
    inspected = await inspect({ model }, work)
  })
  const refused = (split: Split) =>
    refusalOf(() => plan({ model, preprocessing: PRESETS.none, degree: 2, input: 'encrypted', split }, work))
  return { inspected, inspectRefused, whole: await refused(WHOLE), exact: await refused(EXACT) }
}

function expectAgreement({ inspected, inspectRefused, whole, exact }: Awaited<ReturnType<typeof outcomes>>): void {
  if (!inspected) expect([whole, exact]).toEqual([inspectRefused, inspectRefused])
  else if (inspected.problem)
    expect([whole?.code, exact?.code]).toEqual([inspected.problem.code, inspected.problem.code])
  else if (!inspected.supported) {
    expect([whole?.code, exact?.code]).toEqual(['unsupported-operators', 'unsupported-operators'])
  } else {
    const said = inspected.estimate && 'problem' in inspected.estimate ? inspected.estimate : undefined
    expect(whole?.message).toBe(said?.problem)
    expect(exact).toBeUndefined()
  }
}

describe('what inspect calls protectable, plan plans', () => {
  it(`of ${graphs} random graphs; and it refuses what inspect refuses`, { timeout: 300_000 }, async () => {
    const numbers = fc.array(fc.nat(5039), { minLength: 8, maxLength: 80 })
    await fc.assert(
      fc.asyncProperty(numbers, fc.nat(1 << 30), fc.integer({ min: 1, max: 6 }), async (list, weightSeed, length) => {
        expectAgreement(await outcomes(writeModel(buildModel(list, weightSeed, length))))
      }),
      { numRuns: graphs, seed: knownSeed },
    )
  })

  it('of a network that is too deep for one segment', { timeout: 60_000 }, async () => {
    const deep = Array.from({ length: 40 }, (_, i) => node(i % 2 ? 'Tanh' : 'Sigmoid', [`v${i}`], `v${i + 1}`))
    const nodes = [
      node('Flatten', ['x'], 'f'),
      node('MatMul', ['f', 'g'], 'v0'),
      ...deep,
      node('MatMul', ['v40', 'h'], 'y'),
    ]
    const constants = { g: random(1, 72, 3), h: random(2, 3, 2) }
    const found = await outcomes(writeModel({ ...image, outputs: [{ name: 'y', shape: [] }], nodes, constants }))
    expect(found).toMatchObject({ whole: { code: 'too-deep' }, inspected: { supported: true } })
    expectAgreement(found)
  })

  it('of a network that no cut makes small enough', async () => {
    const found = await outcomes(
      writeModel({
        inputs: [{ name: 'x', shape: [1, 2, 520, 520] }],
        outputs: [{ name: 'y', shape: [] }],
        nodes: [conv, node('Relu', ['a'], 'r'), node('GlobalAveragePool', ['r'], 'b'), end],
        constants: { w },
      }),
    )
    expect(found.inspected).toMatchObject({ supported: false, unsupported: [], problem: { code: 'too-large' } })
    expectAgreement(found)
  })
})
