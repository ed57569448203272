import { INPUT, sizeOf } from '../normalise/layer-model.ts'
import type { LayerId } from '../normalise/layer-model.ts'
import { inputsOf, interleave, runLayer, separate, shapesOf } from '../normalise/run-layers.ts'
import { legendre } from './legendre.ts'
import { evaluatePolynomial } from './monomials.ts'
import type { PolynomialLayer, PolynomialModel } from './polynomial-model.ts'
import type { Matrix } from './matrix.ts'
import { applyTransposedMap } from './transposed-map.ts'

/** The coefficients of one channel as parameters: Σ θₖ·Pₖ((x − middle) / half), at `first` + k of all parameters. */
export interface ChannelParameters {
  readonly first: number
  readonly count: number
  readonly middle: number
  readonly half: number
}

export type Parameters = ReadonlyMap<LayerId, readonly ChannelParameters[]>

/**
 * Runs a few samples and writes how their outputs, along given directions, change with the polynomials' coefficients.
 * `directionsOf(sample, outputs)` gives the directions (one row each, over the flattened output) of sample k; the
 * derivatives of direction d go to row (firstRow + k·directions + d) of `jacobian`.
 */
export function addJacobian(
  model: PolynomialModel,
  parameters: Parameters,
  samples: readonly Float64Array[],
  directions: number,
  directionsOf: (sample: number, output: Float64Array) => readonly Float64Array[],
  jacobian: Matrix,
  firstRow: number,
): void {
  const shapes = shapesOf(model)
  const count = samples.length
  const columns = count * directions
  const values = new Map<LayerId, Float64Array>([[INPUT, interleave(samples, sizeOf(model.input.shape))]])
  for (const layer of model.layers) values.set(layer.id, runLayer(layer, shapes, values, count))
  const seeds = separate(values.get(model.output)!, count).flatMap((output, sample) => directionsOf(sample, output))
  const gradients = new Map<LayerId, Float64Array>([[model.output, interleave(seeds, seeds[0].length)]])
  const wanted = readersOfPolynomials(model)
  for (const layer of model.layers.toReversed()) {
    const gradient = gradients.get(layer.id)
    gradients.delete(layer.id)
    if (!gradient) continue
    const gradientOf = (id: LayerId): Float64Array => {
      const known = gradients.get(id) ?? new Float64Array(sizeOf(shapes.get(id)!) * columns)
      gradients.set(id, known)
      return known
    }
    if (layer.kind === 'linear') {
      for (const { input, map } of layer.terms) {
        if (!wanted.has(input)) continue
        applyTransposedMap(map, shapes.get(input)!, layer.shape, gradient, columns, gradientOf(input))
      }
    } else {
      const x = values.get(layer.input)!
      const into = wanted.has(layer.input) ? gradientOf(layer.input) : undefined
      passPolynomial(layer, parameters.get(layer.id)!, x, gradient, count, directions, jacobian, firstRow, into)
    }
  }
}

/** Layers whose value depends on some polynomial's coefficients. */
function readersOfPolynomials(model: PolynomialModel): Set<LayerId> {
  const found = new Set<LayerId>()
  for (const layer of model.layers) {
    if (layer.kind === 'polynomial' || inputsOf(layer).some((id) => found.has(id))) found.add(layer.id)
  }
  return found
}

function passPolynomial(
  layer: PolynomialLayer,
  parameters: readonly ChannelParameters[],
  x: Float64Array,
  gradient: Float64Array,
  count: number,
  directions: number,
  jacobian: Matrix,
  firstRow: number,
  into: Float64Array | undefined,
): void {
  const plane = layer.shape[1] * layer.shape[2]
  parameters.forEach(({ first, count: powers, middle, half }, channel) => {
    const slope = layer.coefficients[channel].map((c, k) => c * k).subarray(1)
    const basis = new Float64Array(powers)
    const sums = new Float64Array(count * directions * powers)
    for (let element = channel * plane; element < (channel + 1) * plane; element++) {
      for (let sample = 0; sample < count; sample++) {
        const value = x[element * count + sample]
        legendre((value - middle) / half, powers, basis)
        const steepness = into ? evaluatePolynomial(slope, value) : 0
        for (let d = 0; d < directions; d++) {
          const column = sample * directions + d
          const at = element * count * directions + column
          const amount = gradient[at]
          for (let k = 0; k < powers; k++) sums[column * powers + k] += amount * basis[k]
          if (into) into[at] += amount * steepness
        }
      }
    }
    for (let column = 0; column < count * directions; column++) {
      const row = (firstRow + column) * jacobian.columns + first
      for (let k = 0; k < powers; k++) jacobian.data[row + k] = sums[column * powers + k]
    }
  })
}
