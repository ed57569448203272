import { describe, expect, it } from 'vitest'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import { atOnce } from '../../src-main/core/parts.ts'
import { runLayerBatch } from '../../src-main/core/network/run-layers.ts'
import { estimatePlan } from '../../src-main/core/plan/estimate.ts'
import { kernelCosts } from '../../src-main/core/plan/cost-model.ts'
import { atScale, scaleBitsOf } from '../../src-main/core/planner/at-scale.ts'
import { isPostponed, scalesSeen, shapeOf } from '../../src-main/core/planner/chain-shape.ts'
import { givenBy } from '../../src-main/core/planner/given-parameters.ts'
import { parseSplit, WHOLE } from '../../src-main/core/segment/cut.ts'
import { planInParts, planRangeInParts, planSegments } from '../../src-main/core/segment/plan-segments.ts'
import { spareBits, type PrecisionNeed } from '../../src-main/core/segment/spare-bits.ts'
import { networkBuilder, randomSource } from '../planner/networks.ts'

function network(outputs: number, seed = 1) {
  const b = networkBuilder([1, 6, 6], seed)
  b.square('s1', b.conv('c1', INPUT, 2, 3, 1))
  return b.model(b.dense('d', 's1', outputs))
}

function deeperOf(seed: number) {
  const b = networkBuilder([1, 6, 6], seed)
  b.square('s2', b.conv('c2', b.square('s1', b.conv('c1', INPUT, 2, 3, 1)), 2, 3, 1))
  return b.model(b.dense('d', 's2', 10))
}

function needOf(model: ReturnType<typeof network>, changed: Partial<PrecisionNeed> = {}): PrecisionNeed {
  const random = randomSource(3)
  const samples = Array.from({ length: 12 }, () => Float64Array.from({ length: 36 }, random))
  const outputs = runLayerBatch(model, samples)
  return { samples, outputs, scoresOf: (scores) => scores, isClassifier: false, ...changed }
}

/** With a second score this close below the largest. */
function tieOf(output: Float64Array, margin: number): Float64Array {
  const label = output.indexOf(Math.max(...output))
  return output.with((label + 1) % output.length, output[label] - margin)
}

/** At a price at which weights share no ciphertexts, so that scales can be changed again. */
const options = { input: 'encrypted', searchWidth: 2, msPerMegabyte: 0.5 } as const
const wholeOf = (model: ReturnType<typeof network>, need?: PrecisionNeed) =>
  planSegments(model, WHOLE, { ...options, need })
const spare = (...of: Parameters<typeof spareBits>): number => atOnce(spareBits(...of))
const scales = ({ segments }: ReturnType<typeof wholeOf>): number[] => segments.map(({ plan }) => scaleBitsOf(plan))

describe('scales by need', () => {
  const model = network(10)
  const need = needOf(model)

  it('are the smallest whose simulated errors keep every label, and eight bits', () => {
    const planned = wholeOf(model, need)
    expect(spare(planned, need)).toBeGreaterThanOrEqual(0)
    const [network] = planned.segments
    const less = atScale(network, scaleBitsOf(network.plan) - 1, kernelCosts, options.msPerMegabyte)
    if (less) expect(spare({ segments: [less], cuts: [] }, need)).toBeLessThan(0)
    expect(scales(planned)[0]).toBeLessThan(scales(wholeOf(model))[0])
  })

  it('are a bit larger where the narrowest margin is half as wide', () => {
    // The second sample's errors are not simulated: only its margin counts.
    const narrowest = (margin: number): PrecisionNeed => {
      const [first, second, ...others] = need.outputs
      return { ...need, outputs: [first, tieOf(second, margin), ...others] }
    }
    const usual = wholeOf(model)
    const bits = [2 ** -10, 2 ** -11].map((margin) => spare(usual, narrowest(margin)))
    expect(bits[0] - bits[1]).toBeCloseTo(1, 9)
    const [wide, narrow] = [2 ** -10, 2 ** -11].map((margin) => scales(wholeOf(model, narrowest(margin)))[0])
    expect(narrow).toBe(wide + 1)
  })

  it('leave a plan that one of other weights within its parameters equals', () => {
    const [first] = wholeOf(model, need).segments
    const other = network(10, 2)
    const [update] = planSegments(other, WHOLE, { ...options, given: [givenBy([first.plan])] }).segments
    expect(update.plan).toEqual(first.plan)
  })

  it('count the errors of all segments', () => {
    const split = parseSplit('s1:refresh')
    const [usual, planned] = [undefined, need].map((each) => planSegments(model, split, { ...options, need: each }))
    expect(spare(planned, need)).toBeGreaterThanOrEqual(0)
    expect(scales(planned)).toHaveLength(2)
    // A degree of one segment may have no larger scale than that of its largest plan; the other's has.
    const fewer = scales(usual).map((bits, i) => bits - scales(planned)[i])
    expect(Math.min(...fewer)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...fewer)).toBeGreaterThan(0)
  })

  it('leave a shallow stretch a larger degree where the deep ones need less for it', () => {
    const b = networkBuilder([1, 6, 6])
    let value = b.conv('c0', INPUT, 2, 3, 1, 1)
    for (const i of [1, 2, 3]) value = b.conv(`c${i}`, b.square(`s${i}`, value), 2, 3, 1, 1)
    b.square('s4', value)
    const deep = b.model(b.dense('d', 's4', 10))
    const { outputs, ...others } = needOf(deep)
    const need = { ...others, outputs: outputs.map((output, i) => (i === 1 ? tieOf(output, 2 ** -11) : output)) }
    const planOf = (more: object) =>
      planSegments(deep, parseSplit('s4:refresh'), { ...options, msPerMegabyte: 2, ...more })
    const degrees = ({ segments }: ReturnType<typeof wholeOf>): number[] =>
      segments.map(({ plan }) => plan.parameters.polyModulusDegree)
    const [largest, planned] = [planOf({}), planOf({ need })]
    expect(degrees(largest)).toEqual([16384, 4096])
    expect(degrees(planned)).toEqual([16384, 8192])
    expect(scales(planned)[0]).toBeLessThan(scales(largest)[0])
    expect(spare(planned, need)).toBeGreaterThanOrEqual(0)
    const update = planOf({ given: planned.segments.map(({ plan }) => givenBy([plan])) })
    expect(update.segments.map(({ plan }) => plan)).toEqual(planned.segments.map(({ plan }) => plan))
  })

  it('are simulated sample by sample, so that a job can be cancelled between them', () => {
    const stops = [...planInParts(model, parseSplit('s1:refresh'), { ...options, need })]
    const samples = stops.filter(({ detail }) => detail === 'simulated sample')
    expect(samples.slice(0, 4).map(({ done, total }) => [done, total])).toEqual([0, 1, 2, 3].map((i) => [i, 4]))
  })

  it('of a quantity are those of eight bits, since it has no label', () => {
    const single = network(1)
    const quantity = needOf(single)
    const spared = spare(wholeOf(single), quantity)
    const yes = spare(wholeOf(single), { ...quantity, isClassifier: true })
    expect(spared).toBeGreaterThan(yes)
    const tenfold = {
      ...quantity,
      outputs: quantity.outputs.map((output, i) => (i % 3 === 0 ? output : output.map(() => 0))),
    }
    expect(spare(wholeOf(single), { ...tenfold, isClassifier: true })).toBe(-Infinity)
  })

  it.each([0.5, 2])(
    'make bundles whose size lies in a range that knows no sample, at a price of %d',
    (msPerMegabyte) => {
      const priced = { ...options, msPerMegabyte }
      const bytesOf = ({ segments }: ReturnType<typeof wholeOf>): number =>
        segments.reduce((sum, { plan }) => sum + estimatePlan(plan, kernelCosts).bundleBytes, 0)
      for (const model of [network(10), deeperOf(1)]) {
        const { largest, others } = atOnce(planRangeInParts(model, WHOLE, priced))
        expect(scales(largest)).toEqual(scales(planSegments(model, WHOLE, priced)))
        const ends = [largest, ...others].map(bytesOf)
        const enough = needOf(model)
        const tied = { ...enough, scoresOf: (scores: Float64Array) => scores.map(() => 1) }
        for (const need of [enough, tied]) {
          const bytes = bytesOf(planSegments(model, WHOLE, { ...priced, need }))
          expect(bytes).toBeGreaterThanOrEqual(Math.min(...ends))
          expect(bytes).toBeLessThanOrEqual(Math.max(...ends))
        }
      }
    },
  )

  describe('let squarings be postponed', () => {
    const deeper = deeperOf(1)
    const enough = needOf(deeper)

    it('unless errors would be too large then', () => {
      const postpones = (need: PrecisionNeed): boolean => isPostponed(shapeOf(wholeOf(deeper, need).segments[0].plan))
      expect(postpones(enough)).toBe(true)
      const tight = enough.outputs.map((output, i) => (i === 1 ? tieOf(output, 1e-5) : output))
      expect(postpones({ ...enough, outputs: tight })).toBe(false)
    })

    it.each([0.5, 2])('and an update of other weights has the same plan, at a price of %d', (msPerMegabyte) => {
      const priced = { ...options, msPerMegabyte }
      const [first] = planSegments(deeper, WHOLE, { ...priced, need: enough }).segments
      expect(scalesSeen(first.plan).isPostponed).toBe(true)
      const given = [givenBy([first.plan])]
      const [update] = planSegments(deeperOf(2), WHOLE, { ...priced, given }).segments
      expect(update.plan).toEqual(first.plan)
    })
  })

  it('stay the largest where a margin is nothing', () => {
    const tied = { ...need, scoresOf: (scores: Float64Array) => scores.map(() => 1) }
    expect(scales(wholeOf(model, tied))).toEqual(scales(wholeOf(model)))
  })
})
