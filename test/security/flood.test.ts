import { describe, expect, it } from 'vitest'
import { flood, floodingDeviation, mostReleases } from '../../src-main/owner/flood.ts'
import { floodingFor } from '../../src-main/owner/choose-flooding.ts'
import { largestTailDeviation } from '../../src-main/owner/tail-deviation.ts'
import { planForScores } from '../../src-main/jobs/plan-for-scores.ts'
import type { Finishing } from '../../src-main/core/normalise/run-tail.ts'
import type { PlannedNetwork } from '../../src-main/core/plan/plan.ts'
import type { PlannedSegments } from '../../src-main/core/segment/plan-segments.ts'
import { plainStep } from '../../src-main/core/segment/owner-step.ts'
import { measureNoise, spreadOf } from '../../src-main/owner/measure-noise.ts'
import {
  loadSeal,
  PublicEncryptor,
  SealContext,
  SealEvaluator,
  SealKeys,
  SealWeights,
} from '../../src-main/seal/public.ts'
import { OwnerKey } from '../../src-main/seal/secret.ts'
import { runPlan } from '../../src-main/core/plan/run-plan.ts'
import { packInput, unpack } from '../../src-main/core/plan/packing.ts'
import { tinyNetwork, tinyOutput, tinySegment } from '../bundle/tiny-plan.ts'

const pixels = Float64Array.of(0.3, -0.8, 1.5, 0.6)
const flooding = { noise: 1e-9, spread: 10, releases: 1000, statisticalBits: 30 }

describe('flooding', () => {
  it('adds a Gaussian of the stated width and rounds to its first digit', () => {
    const deviation = floodingDeviation(flooding, 10)
    expect(deviation).toBeCloseTo(1e-9 * Math.sqrt(120_000) * 2 ** 15, 12)
    const flooded = Float64Array.from(Array(2_000).fill(0)).reduce<number[]>(
      (all) => [...all, ...flood(new Float64Array(10).fill(0.5), flooding)],
      [],
    )
    const mean = flooded.reduce((sum, x) => sum + x, 0) / flooded.length
    const width = Math.sqrt(flooded.reduce((sum, x) => sum + (x - mean) ** 2, 0) / flooded.length)
    expect(Math.abs(mean - 0.5)).toBeLessThan(deviation / 20)
    expect(width / deviation).toBeGreaterThan(0.95)
    expect(width / deviation).toBeLessThan(1.05)
    for (const value of flooded.slice(0, 100)) expect((value * 1e2) % 1).toBeCloseTo(Math.round((value * 1e2) % 1), 6)
  })

  it('keeps 30 bits over all numbers that are released, however many there are in a release', () => {
    for (const scores of [1, 3, 10, 1000]) {
      const deviation = floodingDeviation(flooding, scores)
      // Each number adds noise² / (2 · deviation²) to the divergence; their sum is what the bound is about.
      const divergence = flooding.releases * scores * (flooding.noise ** 2 / (2 * deviation ** 2))
      expect(-Math.log2(24 * divergence)).toBeCloseTo(30, 9)
      expect(mostReleases({ ...flooding, spread: 4 * deviation * (1 + 1e-9) }, scores)).toBe(flooding.releases)
    }
    const thousand = new Float64Array(1000)
    const spread = 5 * floodingDeviation(flooding, 10)
    expect(flood(thousand.subarray(0, 10), { ...flooding, spread })).toHaveLength(10)
    expect(() => flood(thousand, { ...flooding, spread })).toThrow(
      expect.objectContaining({ code: 'scores-too-noisy' }),
    )
  })

  it('refuses where the noise would drown the scores, whatever they are', () => {
    const drowned = { ...flooding, noise: 1e-4 }
    const refusal = expect.objectContaining({ code: 'scores-too-noisy' })
    expect(() => flood(Float64Array.of(0), drowned)).toThrow(refusal)
    expect(() => flood(Float64Array.of(1e9), drowned)).toThrow(refusal)
  })
})

describe('a plan for scores', () => {
  /** As a larger degree would permit; never encrypted. */
  const precise = (): PlannedNetwork => {
    const { plan, weightVectors } = tinyNetwork()
    const [weight, bias] = plan.weights
    const factor = 2 ** 10
    const weights = [
      { ...weight, scale: weight.scale * factor },
      { ...bias, scale: bias.scale * factor ** 2 },
    ]
    const parameters = { ...plan.parameters, polyModulusDegree: 16384 }
    const input = { ...plan.input, scale: plan.input.scale * factor }
    const slots = (index: number) => Float64Array.from({ length: 8192 }, (_, i) => weightVectors(index)[i] ?? 0)
    return { plan: { ...plan, parameters, input, weights }, weightVectors: slots }
  }
  const plan = (leastDegree: number): PlannedSegments => ({
    segments: [leastDegree > 8192 ? precise() : tinyNetwork()],
    cuts: [],
  })

  it('has the degree whose precision leaves as many as are asked for', () => {
    expect(mostReleases(floodingFor(plan(0), { finish: 'none' }, pixels), 3)).toBe(0)
    const { segments, flooding } = planForScores(plan, 10, pixels, { finish: 'none' })
    expect(segments[0].plan.parameters.polyModulusDegree).toBe(16384)
    expect(flooding.releases).toBe(10)
    expect(floodingDeviation(flooding, 3)).toBeLessThanOrEqual(flooding.spread / 4)
  })

  it('is more precise where a mean of squares is made of the scores, which the noise would only add to', () => {
    const squared = floodingFor(plan(16384), meanSquare(3), pixels)
    expect(squared.largestDeviation).toBeLessThan(squared.spread / 8)
    expect(mostReleases(squared, 3)).toBeLessThan(mostReleases({ ...squared, largestDeviation: undefined }, 3) / 4)
    const most = planForScores(plan, 10, pixels, meanSquare(3)).flooding
    expect(floodingDeviation(most, 3)).toBeLessThanOrEqual(most.largestDeviation!)
  })

  it('is refused where none has it, with the number that one has', () => {
    const refusal = { code: 'scores-too-noisy', hint: expect.stringMatching(/^About [1-9]\d* releases/) }
    expect(() => planForScores(plan, 1e12, pixels, { finish: 'none' })).toThrow(expect.objectContaining(refusal))
  })

  it('of quantities is refused without advice to reveal a label, which they do not have', () => {
    const shallow = () => plan(0)
    const refused = (quantities: boolean) => {
      const refusal = {
        code: 'scores-too-noisy',
        hint: expect.stringMatching(quantities ? /^Shallower segments/ : /label/),
      }
      expect(() => planForScores(shallow, 1, pixels, { finish: 'none', quantities })).toThrow(
        expect.objectContaining({ ...refusal, message: expect.stringMatching(/release scores once\.$/) }),
      )
    }
    refused(true)
    refused(false)
  })
})

/** As networks end that tell an anomaly by the error of a reconstruction. */
const meanSquare = (size: number): Finishing => ({
  finish: 'none',
  tail: {
    opset: 13,
    inputs: [{ name: 'd', shape: [1, size] }],
    nodes: [
      { name: 'square', operator: 'Mul', domain: '', inputs: ['d', 'd'], outputs: ['s'], attributes: {} },
      { name: 'mean', operator: 'ReduceMean', domain: '', inputs: ['s'], outputs: ['y'], attributes: { axes: [1] } },
    ],
    constants: new Map(),
    outputs: ['y'],
    labels: [{ output: 'y', scores: 'y', classes: 1, isProbability: false }],
  },
})

describe('the noise that the last steps bear', () => {
  it('leaves a mean of squares within a tenth, however many squares there are', () => {
    for (const size of [50, 2000]) {
      const outputs = Float64Array.from({ length: size }, (_, i) => Math.sin(i))
      const deviation = largestTailDeviation(meanSquare(size), outputs, 100)
      // The mean grows by the variance of the noise: by less than a tenth of 1/2, and by more at the deviation tried before.
      expect(deviation ** 2).toBeLessThan(0.06)
      expect((Math.SQRT2 * deviation) ** 2).toBeGreaterThan(0.04)
    }
  })

  it('is what they are asked about where they bear it', () => {
    const outputs = Float64Array.of(3, -4, 5, 1)
    expect(largestTailDeviation(meanSquare(4), outputs, 1e-3)).toBe(1e-3)
    expect(largestTailDeviation({ finish: 'softmax' }, outputs, 1e-3)).toBe(1e-3)
  })

  it('is told where it is exceeded', () => {
    const bears = { ...flooding, largestDeviation: 1e-3 }
    expect(() => flood(new Float64Array(10), bears)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('0.011 beside what follows the scores bears 0.0010'),
      }),
    )
  })
})

describe('the measured noise', () => {
  it('is compared with what scores span, and with a single score itself', () => {
    expect(spreadOf(Float64Array.of(1, -2, 4))).toBe(6)
    expect(spreadOf(Float64Array.of(-5.7))).toBe(5.7)
    // A batch of the same image.
    expect(spreadOf(Float64Array.of(2, 2))).toBe(2)
    const quantity = { noise: 1e-9, spread: spreadOf(Float64Array.of(-5.7)), releases: 5, statisticalBits: 30 }
    expect(Math.abs(flood(Float64Array.of(-5.7), quantity)[0] + 5.7)).toBeLessThan(0.01)
  })

  it('includes that of the segments before a refresh', () => {
    const [first, last] = [tinySegment([1, 2, 2]), tinySegment([3, 1, 1])]
    const cut = { kind: 'refresh' as const, after: '', step: plainStep(first.plan.output.shape) }
    const between = Float64Array.from(tinyOutput(pixels))
    const whole = measureNoise({ segments: [first, last], cuts: [cut] }, pixels, 20)
    expect(whole.noise).toBeGreaterThan(5 * measureNoise({ segments: [last], cuts: [] }, between, 20).noise)
  })

  it('is that of real encryption, within a small factor', async () => {
    const network = tinyNetwork()
    const { plan, weightVectors } = network
    const simulated = Array.from({ length: 40 }, () => measureNoise({ segments: [network], cuts: [] }, pixels, 1).noise)
    const estimate = Math.sqrt(simulated.reduce((sum, noise) => sum + noise ** 2, 0) / simulated.length)

    const context = new SealContext(await loadSeal(), plan.parameters)
    const squares: number[] = []
    // One error belongs to the key: in slot 0 it is the same for all ciphertexts.
    for (let round = 0; round < 12; round++) {
      const key = OwnerKey.generate(context)
      const keys = new SealKeys(context)
      keys.add(key.evaluationKeys(context.dataPrimes, true, [1]))
      const encryptor = new PublicEncryptor(context, key.publicKey())
      const load = (index: number) => {
        const { scale, primes } = plan.weights[index]
        return key.encryptSeeded(weightVectors(index), scale, primes)
      }
      const weights = new SealWeights(context, plan.weights, load, 0)
      const evaluator = new SealEvaluator({ context, weights, keys })
      const input = encryptor.encrypt(packInput(plan, pixels, 0), plan.input.scale, plan.input.primes)
      const [output] = runPlan(plan, evaluator, [input]) as (typeof input)[]
      const outputs = unpack(plan, plan.output, [key.decrypt(output)])
      tinyOutput(pixels).forEach((expected, i) => squares.push((outputs[i] - expected) ** 2))
      for (const part of [input, output, weights, keys, encryptor, key]) part.delete()
    }
    const measured = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length)
    expect(estimate / measured).toBeGreaterThan(1 / 3)
    expect(estimate / measured).toBeLessThan(4)
  })
})
