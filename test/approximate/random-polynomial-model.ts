import fc from 'fast-check'
import { largestOf } from '../../src-main/core/approximate/points.ts'
import { substitute } from '../../src-main/core/numeric/monomials.ts'
import type { PolynomialLayer, PolynomialModel } from '../../src-main/core/network/polynomial-model.ts'
import { rowsPerChannel } from '../../src-main/core/network/coefficient-rows.ts'
import { INPUT, sizeOf } from '../../src-main/core/network/layer-model.ts'
import type { ConvMap, LinearLayer, LinearMap, Shape } from '../../src-main/core/network/layer-model.ts'
import { runLayerBatch, type AnyModel } from '../../src-main/core/network/run-layers.ts'

/** Numbers in [−1, 1) from a seed (mulberry32), so that one integer describes a whole network. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * 2 - 1
  }
}

export const randomVector = (length: number, random: () => number): Float64Array =>
  Float64Array.from({ length }, random)

/** The largest number of any layer, outputs included. Single precision overflows where outputs alone tell nothing of it. */
export function largestInside(model: AnyModel, samples: readonly Float64Array[]): number {
  let largest = 0
  runLayerBatch(model, samples, (_layer, outputs) => (largest = Math.max(largest, largestOf(outputs))))
  return largest
}

/**
 * Random DAGs of linear layers (padded and strided convolutions, depthwise ones, poolings, sums of several terms) and
 * polynomials of degree 0, 1, 2, 4 and 8 over any earlier layer, closed by a dense layer or by a polynomial.
 */
export const polynomialModels = fc
  .record({
    seed: fc.integer(),
    steps: fc.array(fc.nat(7), { minLength: 1, maxLength: 7 }),
    dense: fc.boolean(),
  })
  .map(({ seed, steps, dense }) => buildModel(randomNumbers(seed), steps, dense))

function buildModel(random: () => number, steps: readonly number[], dense: boolean): PolynomialModel {
  const layers: (LinearLayer | PolynomialLayer)[] = []
  const known: { id: string; shape: Shape }[] = [{ id: INPUT, shape: [2, 6, 6] }]
  const pick = <T>(items: readonly T[]): T => items[Math.floor(((random() + 1) / 2) * items.length)]
  const add = (layer: LinearLayer | PolynomialLayer) => {
    layers.push(layer)
    known.push({ id: layer.id, shape: layer.shape })
  }
  const linear = (shape: Shape, terms: [string, LinearMap][], perElement = false) =>
    add({
      kind: 'linear',
      id: `l${layers.length}`,
      sources: [],
      shape,
      terms: terms.map(([input, map]) => ({ input, map })),
      bias: randomVector(perElement ? sizeOf(shape) : shape[0], random),
    })
  for (const step of steps) {
    const from = pick(known.slice(-3))
    const [channels, height, width] = from.shape
    if (step === 0) linear(from.shape, [[from.id, conv(channels, channels, 3, 1, 1, 1, random)]], random() > 0)
    else if (step === 1 && height > 3) {
      const shape: Shape = [3, Math.floor((height - 1) / 2) + 1, Math.floor((width - 1) / 2) + 1]
      linear(shape, [[from.id, conv(channels, 3, 3, 2, 1, 1, random)]])
    } else if (step === 2) linear(from.shape, [[from.id, conv(channels, channels, 3, 1, 1, channels, random)]])
    else if (step === 3) {
      const other = pick(known.filter(({ shape }) => shape.join() === from.shape.join()))
      linear(from.shape, [
        [from.id, conv(channels, channels, 1, 1, 0, 1, random)],
        [other.id, identity(channels)],
      ])
    } else {
      const degree = [0, 2, 4, 8][step - 4] ?? 2
      const by = ([undefined, 'column', 'row'] as const)[Math.floor(1.5 * (random() + 1))]
      const rows = channels * rowsPerChannel({ shape: from.shape, by })
      const coefficients = Array.from({ length: rows }, (_, c) => {
        const row = randomVector(degree + 1, random).map((value, k) => value / (1 + k))
        if (degree === 8) return octic(random)
        if (degree === 4) row[4] = Math.sign(row[4] || 1) * (0.05 + Math.abs(row[4]))
        if (degree >= 2) row[2] = Math.sign(row[2] || 1) * (0.05 + Math.abs(row[2]))
        if (c === 1 && random() > 0) row.fill(0, 1)
        return row
      })
      const fit = { original: 'Relu', degree, rootMeanSquareError: 0, range: [0, 0] as const, rangeMargin: 1 }
      add({
        kind: 'polynomial',
        id: `p${layers.length}`,
        sources: [],
        shape: from.shape,
        input: from.id,
        ...(by && { by }),
        coefficients,
        fit,
      })
    }
  }
  const last = known.at(-1)!
  if (dense) {
    linear([4, 1, 1], [[last.id, { kind: 'dense', weight: randomVector(4 * sizeOf(last.shape), random) }]])
  }
  if (layers.length === 0) linear(last.shape, [[last.id, identity(last.shape[0])]])
  return {
    name: 'random',
    input: { name: 'x', shape: [2, 6, 6], onnxShape: [1, 2, 6, 6], layout: 'nchw' },
    layers,
    output: layers.at(-1)!.id,
    finish: 'none',
  }
}

/** Even about its centre but for a linear term, as chains of squarings compute it. */
function octic(random: () => number): Float64Array {
  const even = [random(), random(), random(), 0, random(), 0, random(), 0, 0.05 + Math.abs(random())]
  return substitute(
    Float64Array.from(even, (value, k) => value / (1 + k)),
    1,
    random(),
  )
}

export function conv(
  inChannels: number,
  outChannels: number,
  kernel: number,
  stride: number,
  pad: number,
  groups: number,
  random: () => number,
): ConvMap {
  const taps = (inChannels / groups) * kernel * kernel
  return {
    kind: 'conv',
    weight: randomVector(outChannels * taps, random).map((value) => value / Math.sqrt(taps)),
    kernel: [kernel, kernel],
    strides: [stride, stride],
    dilations: [1, 1],
    pads: [pad, pad, pad, pad],
    groups,
  }
}

export const identity = (channels: number): ConvMap => ({
  kind: 'conv',
  weight: new Float64Array(channels).fill(1),
  kernel: [1, 1],
  strides: [1, 1],
  dilations: [1, 1],
  pads: [0, 0, 0, 0],
  groups: channels,
})
