import { describe, expect, it } from 'vitest'
import { packInput } from '../../src-main/core/plan/packing.ts'
import { edgeMemoryOf } from '../../src-main/core/plan/estimate.ts'
import { decodePlan, encodePlan } from '../../src-main/core/bundle/plan-json.ts'
import { rehearse } from '../../src-main/core/plan/rehearse.ts'
import type { Plan, PlannedNetwork } from '../../src-main/core/plan/plan.ts'
import { runPlan } from '../../src-main/core/plan/run-plan.ts'
import { planNetwork } from '../../src-main/core/planner/plan-network.ts'
import { kernelCosts } from '../../src-main/core/plan/cost-model.ts'
import { balance, stretchesOf } from '../../src-main/core/segment/balance.ts'
import { parseSplit } from '../../src-main/core/segment/cut.ts'
import { handedBytes, handOff } from '../../src-main/core/segment/hand-off.ts'
import { planSegments } from '../../src-main/core/segment/plan-segments.ts'
import { runSegmentsInTheClear } from '../../src-main/core/segment/run-in-the-clear.ts'
import { chooseKeys } from '../../src-main/core/plan/choose-keys.ts'
import {
  loadCiphertext,
  loadSeal,
  PublicEncryptor,
  saveCiphertext,
  SealContext,
  SealEvaluator,
  SealKeys,
  SealWeights,
} from '../../src-main/seal/public.ts'
import { OwnerKey } from '../../src-main/seal/secret.ts'
import { lenet5, randomInput } from '../planner/networks.ts'
import { residual } from './residual.ts'

const networks = { lenet5: lenet5(), residual: residual() }

describe('handing on', () => {
  it.each(Object.entries(networks))('after every layer of %s, the parts compute what the whole does', (_, model) => {
    const whole = planNetwork(model, { searchWidth: 4 })
    const parts = handOff(whole, [...whole.plan.layers.keys()].slice(0, -1))
    const input = randomInput(model)
    const expected = runSegmentsInTheClear({ segments: [whole], cuts: [] }, input)
    expect([...runSegmentsInTheClear({ segments: parts, cuts: [] }, input)]).toEqual([...expected])
    for (const { plan } of parts) expect(decodePlan(encodePlan(plan))).toEqual(plan)
  })

  it('gives every weight to one part, and each part only the keys that it uses', () => {
    const whole = planNetwork(networks.lenet5, { searchWidth: 4 })
    const parts = handOff(whole, [1, 3])
    const indices = parts.flatMap(({ weightIndices }) => weightIndices)
    expect(indices.toSorted((a, b) => a - b)).toEqual([...whole.plan.weights.keys()])
    const steps = parts.map(({ plan }) => [...rehearse(plan).rotationPrimes.keys()])
    parts.forEach(({ plan }, i) => {
      const made = chooseKeys(plan).flatMap((group) => group.steps)
      expect(made.toSorted((a, b) => a - b)).toEqual(steps[i].toSorted((a, b) => a - b))
    })
  })

  it('states how much would be handed on', () => {
    const { plan } = planNetwork(networks.residual)
    const parts = handOff({ plan, weightVectors: () => new Float64Array() }, [2])
    const { polyModulusDegree } = plan.parameters
    const bytes = parts[1].plan.input.levels!.reduce((sum, { primes }) => sum + 16 * polyModulusDegree * primes, 0)
    expect(handedBytes(plan)[2]).toBe(bytes)
  })

  it('gives the words that the whole gives, under the same keys', async () => {
    const model = residual('shallow')
    const whole = planNetwork(model)
    const parts = handOff(whole, [2, 3])
    const context = new SealContext(await loadSeal(), whole.plan.parameters)
    const key = OwnerKey.generate(context)
    const keys = new SealKeys(context)
    for (const { primes, relinearisation, steps } of chooseKeys(whole.plan)) {
      keys.add(key.evaluationKeys(primes, relinearisation, steps))
    }
    const weights = whole.plan.weights.map(({ scale, primes }, i) =>
      key.encryptSeeded(whole.weightVectors(i), scale, primes),
    )
    const encryptor = new PublicEncryptor(context, key.publicKey())
    const { scale, primes } = whole.plan.input
    const slots = whole.plan.input.sources.map((_, i) => packInput(whole.plan, randomInput(model), i))
    const input = slots.map((values) => saveOf(encryptor.encrypt(values, scale, primes)))

    const once = run(whole.plan, input, (index) => weights[index])
    const handed = parts.reduce(
      (values, { plan, weightIndices }) => run(plan, values, (index) => weights[weightIndices[index]]),
      input,
    )
    expect(handed.map((bytes, i) => Buffer.compare(bytes, once[i]))).toEqual(once.map(() => 0))
    for (const part of [keys, encryptor, key, context]) part.delete()

    function saveOf(ciphertext: Parameters<typeof saveCiphertext>[1]): Uint8Array {
      const bytes = saveCiphertext(context, ciphertext)
      ciphertext.delete()
      return bytes
    }

    function run(plan: Plan, inputs: readonly Uint8Array[], load: (index: number) => Uint8Array): Uint8Array[] {
      const loaded = new SealWeights(context, plan.weights, load, 0)
      const evaluator = new SealEvaluator({ context, weights: loaded, keys })
      const levels = plan.input.levels ?? inputs.map(() => plan.input)
      const values = inputs.map((bytes, i) => loadCiphertext(context, bytes, levels[i]))
      const outputs = runPlan(plan, evaluator, values).map((value) => saveOf(value as (typeof values)[number]))
      for (const value of values) value.delete()
      return outputs
    }
  })
})

describe('a rule for handing on', () => {
  it('makes the slowest part as fast as it can be', () => {
    const costs = { layerMs: [5, 1, 4, 2, 6], handMs: [0, 0, 0, 0] }
    expect(balance(costs, 1)).toEqual({ after: [], slowestMs: 18 })
    expect(balance(costs, 2)).toEqual({ after: [2], slowestMs: 10 })
    expect(balance(costs, 3)).toEqual({ after: [1, 3], slowestMs: 6 })
    expect(balance({ ...costs, handMs: [0, 0, 9, 0] }, 2)).toEqual({ after: [1], slowestMs: 12 })
  })

  it('makes as many parts as there are nodes, and none larger than the memory', () => {
    const options = { searchWidth: 4 }
    const nodes = planSegments(networks.lenet5, parseSplit('nodes=3'), options)
    expect(nodes.cuts.map(({ kind }) => kind)).toEqual(['hand-off', 'hand-off'])
    const slowest = Math.max(...nodes.segments.map((part: PlannedNetwork) => ms(part.plan)))
    expect(slowest).toBeLessThan(0.7 * nodes.segments.reduce((sum, { plan }) => sum + ms(plan), 0))
    const bytes = Math.round(0.9 * edgeMemoryOf(planNetwork(networks.lenet5, options).plan))
    const { segments } = planSegments(networks.lenet5, { by: 'memory', bytes, kind: 'refresh' }, options)
    expect(segments.length).toBeGreaterThan(1)
    for (const { plan } of segments) expect(edgeMemoryOf(plan)).toBeLessThanOrEqual(bytes)
    expect(() => planSegments(networks.lenet5, parseSplit('memory=1MiB'), options)).toThrow(
      expect.objectContaining({ code: 'memory-too-small' }),
    )
  })

  const ms = (plan: Plan): number => stretchesOf(plan, kernelCosts).layerMs.reduce((sum, each) => sum + each, 0)
})

describe('what is said of splits', () => {
  it.each([
    ['auto', { by: 'depth', kind: 'refresh' }],
    ['auto:exact', { by: 'depth', kind: 'exact' }],
    ['nodes=3', { by: 'nodes', nodes: 3, kind: 'refresh' }],
    ['memory=1.5GiB', { by: 'memory', bytes: 1.5 * 2 ** 30, kind: 'refresh' }],
    ['refreshes=2:exact', { by: 'refreshes', refreshes: 2, kind: 'exact' }],
    [
      'conv2,fc1:exact, a:b:hand-off',
      {
        by: 'cuts',
        cuts: [
          { after: 'conv2', kind: 'refresh' },
          { after: 'fc1', kind: 'exact' },
          { after: 'a:b', kind: 'hand-off' },
        ],
      },
    ],
  ])('%s is understood', (text, split) => {
    expect(parseSplit(text)).toEqual(split)
  })

  it.each(['', 'nodes=', 'nodes=many', 'refreshes=64', 'memory=much', 'auto=3', 'a,,b'])('“%s” is refused', (text) => {
    expect(() => parseSplit(text)).toThrow(expect.objectContaining({ code: 'bad-split' }))
  })
})
