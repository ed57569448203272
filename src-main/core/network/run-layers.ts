import type { PolynomialLayer, PolynomialModel } from './polynomial-model.ts'
import type { RefreshedModel, SquareLayer } from './square-model.ts'
import { invariant } from '../errors.ts'
import { must } from '../must.ts'
import type { RealFunction } from './activation-table.ts'
import { eachCoefficientRun } from './coefficient-rows.ts'
import { activationFunction } from './activations.ts'
import { applyLinearMap } from './apply-linear-map.ts'
import { dynamicQuantisation, fakeQuantizeFunction } from './fake-quantize.ts'
import type {
  ActivationLayer,
  LayerId,
  LayerModel,
  LinearLayer,
  LinearTerm,
  MaxPoolLayer,
  Shape,
} from './layer-model.ts'
import { INPUT, sizeOf } from './layer-model.ts'
import { evaluatePolynomial } from '../numeric/monomials.ts'

export { applyLinearMap } from './apply-linear-map.ts'

export type AnyModel = LayerModel | PolynomialModel | RefreshedModel
export type AnyLayer = LinearLayer | ActivationLayer | MaxPoolLayer | PolynomialLayer | SquareLayer

/**
 * Told of each layer's output: outputs[k] is that of sample `firstSample + k`, flattened [C,H,W]. The arrays are the
 * observer's to keep.
 */
export type LayerObserver = (layer: AnyLayer, outputs: readonly Float64Array[], firstSample: number) => void

/** Samples that are computed together: enough for long inner loops, few enough for the cache. */
const chunkSamples = 16

/** The exact forward pass in float64 of one flattened [C,H,W] sample, without the model's `finish`. */
export function runLayers(model: AnyModel, input: Float64Array, observer?: LayerObserver): Float64Array {
  return runLayerBatch(model, [input], observer)[0]
}

/** As runLayers for many samples, in chunks; about twenty times as fast per sample. */
export function runLayerBatch(
  model: AnyModel,
  inputs: readonly Float64Array[],
  observer?: LayerObserver,
): Float64Array[] {
  const results: Float64Array[] = []
  const shapes = shapesOf(model)
  const lastUses = lastUsesOf(model)
  for (let first = 0; first < inputs.length; first += chunkSamples) {
    const chunk = inputs.slice(first, first + chunkSamples)
    const values = new Map([[INPUT, interleave(chunk, sizeOf(model.input.shape))]])
    for (const layer of model.layers) {
      const output = runLayer(layer, shapes, values, chunk.length)
      values.set(layer.id, output)
      observer?.(layer, separate(output, chunk.length), first)
      for (const id of lastUses.get(layer.id) ?? []) values.delete(id)
    }
    results.push(...separate(must(values, model.output), chunk.length))
  }
  return results
}

/** One layer for `samples` interleaved samples: value[element × samples + sample]. */
export function runLayer(
  layer: AnyLayer,
  shapes: ReadonlyMap<string, Shape>,
  values: ReadonlyMap<string, Float64Array>,
  samples: number,
): Float64Array {
  const read = (id: string): Float64Array => {
    const value = values.get(id)
    invariant(value, `layer “${layer.id}” reads “${id}” before it is computed`)
    return value
  }
  switch (layer.kind) {
    case 'linear': {
      const out = broadcastBias(layer.bias, layer.shape, samples)
      for (const { input, map } of layer.terms) {
        applyLinearMap(map, must(shapes, input), layer.shape, read(input), samples, out)
      }
      return out
    }
    case 'activation':
      if (layer.activation.operator === 'DynamicQuantize') {
        const ranges = layer.activation.parameters.byChannel ? layer.shape[0] : 1
        return quantiseSamples(read(layer.input), samples, ranges)
      }
      return mapChannels(read(layer.input), layer.shape, (channel) => activationFunction(layer.activation, channel))
    case 'polynomial':
      return applyPolynomials(layer, read(layer.input), samples)
    case 'square':
      return read(layer.input).map((x) => x * x)
    case 'max-pool':
      return maxPool(layer, must(shapes, layer.input), read(layer.input), samples)
  }
}

/** Shapes of the input and of every layer, by id. */
export function shapesOf(model: AnyModel): Map<string, Shape> {
  const shapes = new Map<string, Shape>([[INPUT, model.input.shape]])
  for (const layer of model.layers) shapes.set(layer.id, layer.shape)
  return shapes
}

/** What a layer reads, in order: several of a sum of linear terms, else one. */
export const inputsOf = (layer: Reader): readonly LayerId[] =>
  'terms' in layer ? layer.terms.map(({ input }) => input) : [layer.input]

/** A layer of any kind, by what it reads. */
type Reader = { readonly terms: readonly LinearTerm[] } | { readonly input: LayerId }

/** The one layer that reads a value, where there is only one and the value is not the output. */
export function soleReader<L extends Reader>(
  model: { readonly layers: readonly L[]; readonly output: LayerId },
  id: LayerId,
): L | undefined {
  const readers = model.layers.filter((layer) => inputsOf(layer).includes(id))
  return readers.length === 1 && model.output !== id ? readers[0] : undefined
}

/** The same of every value that has one. */
export function soleReadersOf<L extends Reader>(model: {
  readonly layers: readonly L[]
  readonly output: LayerId
}): ReadonlyMap<LayerId, L> {
  const read = model.layers.flatMap((layer) => [...new Set(inputsOf(layer))].map((input) => [input, layer] as const))
  const counts = new Map<LayerId, number>([[model.output, 1]])
  for (const [input] of read) counts.set(input, (counts.get(input) ?? 0) + 1)
  return new Map(read.filter(([input]) => counts.get(input) === 1))
}

/** By what is read, the last layer to read it. */
export function lastReaders({ layers }: { readonly layers: readonly (Reader & { readonly id: LayerId })[] }) {
  return new Map(layers.flatMap((layer) => inputsOf(layer).map((input) => [input, layer.id] as const)))
}

/** Ids that no layer after this one reads. */
function lastUsesOf(model: AnyModel): Map<string, string[]> {
  const last = new Map<string, string>()
  for (const layer of model.layers) {
    for (const id of [layer.id, ...inputsOf(layer)]) last.set(id, layer.id)
  }
  last.delete(model.output)
  const uses = new Map<string, string[]>()
  for (const [id, user] of last) uses.set(user, [...(uses.get(user) ?? []), id])
  return uses
}

/** A bias of one value per channel, or one per element, written out for every sample. */
function broadcastBias(bias: Float64Array, shape: Shape, samples: number): Float64Array {
  const out = new Float64Array(sizeOf(shape) * samples)
  const run = out.length / bias.length
  bias.forEach((value, index) => out.fill(value, index * run, (index + 1) * run))
  return out
}

function mapChannels(x: Float64Array, shape: Shape, functionOf: (channel: number) => RealFunction): Float64Array {
  const out = new Float64Array(x.length)
  const run = x.length / shape[0]
  for (let channel = 0; channel < shape[0]; channel++) {
    const apply = functionOf(channel)
    for (let index = channel * run; index < (channel + 1) * run; index++) out[index] = apply(x[index])
  }
  return out
}

/** Each sample in the range of its own values, or in `ranges` equal parts with a range for each. */
function quantiseSamples(x: Float64Array, samples: number, ranges: number): Float64Array {
  const size = x.length / samples
  const quantised = separate(x, samples).map((values) => {
    const out = new Float64Array(size)
    for (let from = 0; from < size; from += size / ranges) {
      const part = values.subarray(from, from + size / ranges)
      out.set(part.map(fakeQuantizeFunction(dynamicQuantisation(part))), from)
    }
    return out
  })
  return interleave(quantised, size)
}

function applyPolynomials(layer: PolynomialLayer, x: Float64Array, samples: number): Float64Array {
  const out = new Float64Array(x.length)
  eachCoefficientRun(layer, (row, from, to) => {
    const coefficients = layer.coefficients[row]
    for (let index = from * samples; index < to * samples; index++)
      out[index] = evaluatePolynomial(coefficients, x[index])
  })
  return out
}

/** What ONNX Runtime (1.30) gives for the maximum of a window that lies wholly on padding. */
const LOWEST_FLOAT = -3.4028234663852886e38

/** ONNX MaxPool: padding never wins. */
function maxPool(layer: MaxPoolLayer, input: Shape, x: Float64Array, samples: number): Float64Array {
  const [channels, outputHeight, outputWidth] = layer.shape
  const [, height, width] = input
  const out = new Float64Array(sizeOf(layer.shape) * samples).fill(LOWEST_FLOAT)
  const inside = (position: number, tap: number, axis: 0 | 1): number =>
    position * layer.strides[axis] + tap * layer.dilations[axis] - layer.pads[axis]
  for (let channel = 0; channel < channels; channel++) {
    for (let row = 0; row < outputHeight; row++) {
      for (let column = 0; column < outputWidth; column++) {
        const to = ((channel * outputHeight + row) * outputWidth + column) * samples
        for (let tap = 0; tap < layer.kernel[0] * layer.kernel[1]; tap++) {
          const inputRow = inside(row, Math.floor(tap / layer.kernel[1]), 0)
          const inputColumn = inside(column, tap % layer.kernel[1], 1)
          if (inputRow < 0 || inputRow >= height || inputColumn < 0 || inputColumn >= width) continue
          const from = ((channel * height + inputRow) * width + inputColumn) * samples
          for (let j = 0; j < samples; j++) if (x[from + j] > out[to + j]) out[to + j] = x[from + j]
        }
      }
    }
  }
  return out
}

/** Samples side by side, the sample as the fastest-running index. */
export function interleave(samples: readonly Float64Array[], size: number): Float64Array {
  const out = new Float64Array(size * samples.length)
  samples.forEach((sample, index) => {
    invariant(sample.length === size, `a sample has ${sample.length} values where the network takes ${size}`)
    for (let element = 0; element < size; element++) out[element * samples.length + index] = sample[element]
  })
  return out
}

/** The inverse of `interleave`. */
export function separate(values: Float64Array, samples: number): Float64Array[] {
  const size = values.length / samples
  return Array.from({ length: samples }, (_, sample) => {
    const out = new Float64Array(size)
    for (let element = 0; element < size; element++) out[element] = values[element * samples + sample]
    return out
  })
}
