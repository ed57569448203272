import { sizeOf, type Shape } from '../../src-main/core/network/layer-model.ts'
import { nttPrimes } from '../../src-main/core/numeric/primes.ts'
import { expansionTree } from '../../src-main/core/planner/expansion-tree.ts'
import type { CkksParameters, Plan, PlannedNetwork } from '../../src-main/core/plan/plan.ts'

/** 128-bit secure: 50 + 3 × 30 + 50 bits at N = 8192. */
export const smallSecureParameters: CkksParameters = {
  polyModulusDegree: 8192,
  primes: ['1125899904679937', '1073643521', '1073479681', '1073184769', '1125899903991809'],
}

const scale = 2 ** 30
const last = (primes: number): number => Number(smallSecureParameters.primes[primes - 1])

/**
 * A hand-written network on 4 pixels: y = (w·x + b)², then the sums of neighbours, y[i] + y[i + 1] for
 * i = 0..2. Level 4 → 2, one rotation, every kind of weight.
 */
export const tinyNetwork = (mode: 'encrypted' | 'plain' = 'encrypted'): PlannedNetwork => tinySegment([1, 2, 2], mode)

/** The same on the first pixels of any such shape: one output fewer than pixels, so that it can go on after itself. */
export function tinySegment(shape: Shape, mode: 'encrypted' | 'plain' = 'encrypted'): PlannedNetwork {
  const pixels = sizeOf(shape)
  const outputs = Int32Array.from({ length: pixels - 1 }, (_, i) => i)
  const linearScale = (scale * scale) / last(4)
  const plan: Plan = {
    parameters: smallSecureParameters,
    input: { mode, shape, sources: [Int32Array.from({ length: pixels }, (_, i) => i)], scale, primes: 4 },
    weights: [
      { layer: 0, role: 'weight', scale, primes: 4 },
      { layer: 0, role: 'bias', scale: linearScale, primes: 3 },
    ],
    instructions: [
      { op: 'multiply-sum', out: 1, values: [0], weights: [0] },
      ...(mode === 'encrypted' ? [{ op: 'relinearise', out: 2, in: 1 } as const] : []),
      { op: 'rescale', out: 3, in: mode === 'encrypted' ? 2 : 1 },
      { op: 'add-weight', out: 4, in: 3, weight: 1 },
      { op: 'square', out: 5, in: 4 },
      { op: 'relinearise', out: 6, in: 5 },
      { op: 'rescale', out: 7, in: 6 },
      { op: 'rotate', out: 8, in: 7, steps: 1 },
      { op: 'add', out: 9, in: [7, 8] },
    ],
    layers: [],
    output: { registers: [9], shape: [pixels - 1, 1, 1], positions: outputs },
    batch: 1,
  }
  const end = plan.instructions.length
  const layers = [
    {
      id: 'all',
      kind: 'linear',
      first: 0,
      end,
      result: [9],
      packing: { shape: [pixels - 1, 1, 1], positions: outputs },
    },
  ] as const
  const vectors = [tinyWeights, tinyBiases].map((values) =>
    Float64Array.from({ length: 4096 }, (_, i) => (i < pixels ? values[i] : 0)),
  )
  return { plan: { ...plan, layers }, weightVectors: (index) => vectors[index] }
}

/** A plan with two weights that are expanded from one ciphertext: y = ((w + b)·x + b)². */
export function tinyExpanded(): PlannedNetwork {
  const { plan, weightVectors } = tinyNetwork()
  const [weight, bias] = plan.weights
  const [, ...rest] = plan.instructions
  const { polyModulusDegree } = plan.parameters
  const expansion = expansionTree({ weights: [0, 2], level: weight, steps: [2048], polyModulusDegree })
  const halves = [0, 1].map((index) => weightVectors(index).slice(0, 2048))
  const tiled = halves.map((half) => Float64Array.from({ length: 4096 }, (_, slot) => half[slot % 2048]))
  return {
    plan: {
      ...plan,
      weights: [weight, bias, weight],
      expansions: [{ ...expansion, input: { primes: weight.primes, scale: weight.scale } }],
      instructions: [{ op: 'multiply-sum', out: 1, values: [0, 0], weights: [0, 2] }, ...rest],
    },
    weightVectors: (index) => [tiled[0], weightVectors(1), tiled[1]][index],
    expandedVectors: () => halves,
  }
}

/** The same with the two weights in slots of one ciphertext of all primes, which masks take apart at the level below. */
export function tinyMasked(): PlannedNetwork {
  const { plan, weightVectors } = tinyNetwork()
  const [weight, bias] = plan.weights
  const [, ...rest] = plan.instructions
  const maskScale = 2 ** 20
  const level = { primes: 3, scale: scale / 2 ** 10 }
  const linearScale = (scale * level.scale) / last(3)
  const [packed, own] = [new Float64Array(4096), weightVectors(0)]
  own.slice(0, 4).forEach((value, slot) => {
    packed[slot] = value
    packed[4 + slot] = weightVectors(1)[slot]
  })
  const masks = [0, 4].map((first) => Int32Array.from({ length: 4 }, (_, i) => first + i))
  const vectors = masks.map((mask) => packed.map((value, slot) => (mask.includes(slot) ? value : 0)))
  return {
    plan: {
      ...plan,
      input: { ...plan.input, primes: 3 },
      weights: [
        { ...weight, ...level },
        { ...bias, scale: linearScale, primes: 2 },
        { ...weight, ...level },
      ],
      expansions: [
        {
          input: { primes: 4, scale: (level.scale * last(4)) / maskScale },
          instructions: masks.flatMap((mask, k) => [
            { op: 'mask-sum', out: 2 * k + 1, values: [0], masks: [mask], scale: maskScale } as const,
            { op: 'rescale', out: 2 * k + 2, in: 2 * k + 1 } as const,
          ]),
          results: [
            { weight: 0, register: 2 },
            { weight: 2, register: 4 },
          ],
        },
      ],
      instructions: [{ op: 'multiply-sum', out: 1, values: [0, 0], weights: [0, 2] }, ...rest],
    },
    weightVectors: (index) => [vectors[0], weightVectors(1), vectors[1]][index],
    expandedVectors: () => [packed],
  }
}

/** The first of these with hybrid keys: those for all four primes have digits of two, and two special primes. */
export function tinyHybrid(): PlannedNetwork {
  const { plan, ...vectors } = tinyExpanded()
  const [, ...middle] = smallSecureParameters.primes.slice(0, 4)
  const parameters: CkksParameters = {
    polyModulusDegree: 8192,
    primes: [nttPrime(40), ...middle, nttPrime(42)],
    keySwitching: {
      keyPrimes: [nttPrime(41)],
      forms: [1, 2, 2, 2].map((count) => ({ digitPrimes: count, specialPrimes: count })),
    },
  }
  return { ...vectors, plan: { ...plan, parameters } }
}

const nttPrime = (bits: number): string => String(nttPrimes(8192, bits, 1, new Set())[0])

/** Numbers that occur nowhere by chance: the memory of a process is searched for them. */
const unlikely = (value: number): number => value * Math.sqrt(1.0007)
const tinyWeights = [0.731, -1.377, 2.113, 0.519].map(unlikely)
const tinyBiases = [0.251, 0.117, -0.623, 1.009].map(unlikely)

/** What the network gives for up to 4 preprocessed pixels. */
export function tinyOutput(pixels: ArrayLike<number>): number[] {
  const squares = Array.from(pixels, (pixel, i) => (tinyWeights[i] * pixel + tinyBiases[i]) ** 2)
  return squares.slice(1).map((square, i) => squares[i] + square)
}
