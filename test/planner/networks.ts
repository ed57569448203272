import type { SquareModel } from '../../src-main/core/network/square-model.ts'
import {
  INPUT,
  type ConvMap,
  type LinearLayer,
  type LinearMap,
  type Shape,
} from '../../src-main/core/network/layer-model.ts'
import { expandBias } from '../../src-main/core/network/linear-maps.ts'
import { monomialSlots } from '../../src-main/core/plan/clear-evaluator.ts'
import { slotsOf, type PlannedNetwork } from '../../src-main/core/plan/plan.ts'
import { walkMap } from '../../src-main/core/planner/weights.ts'

/** Deterministic numbers in [-1, 1). */
export function randomSource(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  }
}

type Builder = ReturnType<typeof networkBuilder>

/** Builds a network of linear maps and squarings with random weights, scaled so that values stay near 1. */
export function networkBuilder(inputShape: Shape, seed = 1) {
  const random = randomSource(seed)
  const layers: SquareModel['layers'][number][] = []
  const shapes = new Map<string, Shape>([[INPUT, inputShape]])
  const push = (layer: SquareModel['layers'][number]): string => {
    layers.push(layer)
    shapes.set(layer.id, layer.shape)
    return layer.id
  }
  const linear = (id: string, shape: Shape, terms: LinearLayer['terms']): string =>
    push({
      kind: 'linear',
      id,
      sources: [id],
      shape,
      terms,
      bias: Float64Array.from({ length: shape[0] }, () => random() * 0.2),
    })
  const weights = (count: number, fanIn: number): Float64Array =>
    Float64Array.from({ length: count }, () => random() / Math.sqrt(fanIn))
  const convShape = (
    from: Shape,
    channels: number,
    [kh, kw]: readonly [number, number],
    [sh, sw]: readonly [number, number],
    pad: number,
  ): Shape => [channels, Math.floor((from[1] + 2 * pad - kh) / sh) + 1, Math.floor((from[2] + 2 * pad - kw) / sw) + 1]
  return {
    shapes,
    convMap(
      input: string,
      channels: number,
      kernel: readonly [number, number],
      stride = 1,
      pad = 0,
      groups = 1,
    ): ConvMap {
      const perGroup = shapes.get(input)![0] / groups
      const taps = kernel[0] * kernel[1]
      return {
        kind: 'conv',
        weight: weights(channels * perGroup * taps, perGroup * taps),
        kernel,
        strides: [kernel[0] === 1 && stride !== 1 ? 1 : stride, stride],
        dilations: [1, 1],
        pads: [pad && kernel[0] > 1 ? pad : 0, pad, pad && kernel[0] > 1 ? pad : 0, pad],
        groups,
      }
    },
    conv(id: string, input: string, channels: number, size: number, stride = 1, pad = 0, groups = 1): string {
      const map = this.convMap(input, channels, [size, size], stride, pad, groups)
      return linear(id, convShape(shapes.get(input)!, channels, [size, size], [stride, stride], pad), [{ input, map }])
    },
    pool(id: string, input: string, size: number, stride: number): string {
      const from = shapes.get(input)!
      const map: ConvMap = {
        ...this.convMap(input, from[0], [size, size], stride, 0, from[0]),
        weight: Float64Array.from(
          { length: from[0] * size * size },
          (_, k) => (1 + Math.floor(k / (size * size)) / from[0]) / (size * size),
        ),
      }
      return linear(id, convShape(from, from[0], [size, size], [stride, stride], 0), [{ input, map }])
    },
    dense(id: string, input: string, outputs: number): string {
      const [c, h, w] = shapes.get(input)!
      const map: LinearMap = { kind: 'dense', weight: weights(outputs * c * h * w, c * h * w) }
      return linear(id, [outputs, 1, 1], [{ input, map }])
    },
    sum(id: string, terms: LinearLayer['terms'], shape: Shape): string {
      return linear(id, shape, terms)
    },
    square(id: string, input: string): string {
      return push({ kind: 'square', id, sources: [id], shape: shapes.get(input)!, input })
    },
    model(output: string): SquareModel {
      return {
        name: 'random',
        input: { name: 'x', shape: inputShape, onnxShape: [1, ...inputShape], layout: 'nchw' },
        layers,
        output,
        finish: 'none',
        bounds: new Map(),
      }
    },
  }
}

export function lenet5(): SquareModel {
  const b = networkBuilder([1, 28, 28])
  b.square('square1', b.conv('conv1', INPUT, 6, 5, 1, 2))
  b.pool('pool1', 'square1', 2, 2)
  b.square('square2', b.conv('conv2', 'pool1', 16, 5))
  b.pool('pool2', 'square2', 2, 2)
  b.square('square3', b.dense('dense1', 'pool2', 120))
  b.square('square4', b.dense('dense2', 'square3', 84))
  return b.model(b.dense('dense3', 'square4', 10))
}

/** A straightforward forward pass, independent of layouts. */
export function forward(model: SquareModel, input: Float64Array): Map<string, Float64Array> {
  const values = new Map<string, Float64Array>([[INPUT, input]])
  const shapes = new Map<string, Shape>([[INPUT, model.input.shape]])
  for (const layer of model.layers) {
    shapes.set(layer.id, layer.shape)
    if (layer.kind === 'square') {
      values.set(
        layer.id,
        values.get(layer.input)!.map((x) => x * x),
      )
      continue
    }
    const out = Float64Array.from(expandBias(layer.bias, layer.shape))
    for (const term of layer.terms) {
      const from = values.get(term.input)!
      walkMap(term.map, shapes.get(term.input)!, layer.shape)((o, i, weight) => (out[o] += weight * from[i]))
    }
    values.set(layer.id, out)
  }
  return values
}

export function randomInput(model: SquareModel, seed = 9): Float64Array {
  const random = randomSource(seed)
  const [c, h, w] = model.input.shape
  return Float64Array.from({ length: c * h * w }, () => random())
}

export type { Builder }

/** The slots of what an expansion's ciphertext holds, real parts first. */
export function packedSlots({ plan, expandedVectors }: PlannedNetwork, expansion: number): Float64Array {
  const slots = slotsOf(plan.parameters)
  const packed = new Float64Array(2 * slots)
  expandedVectors!(expansion).forEach((vector, t) => {
    monomialSlots(slots, t, (slot, cosine, sine) => {
      const value = (vector[slot % vector.length] * vector.length) / slots
      packed[slot] += value * cosine
      packed[slots + slot] += value * sine
    })
  })
  return packed
}
