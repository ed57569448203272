import { applyLinearMap } from '../network/apply-linear-map.ts'
import { eachCoefficientRun, spreadRows } from '../network/coefficient-rows.ts'
import type { LayerId, LinearLayer } from '../network/layer-model.ts'
import { compressBias, expandBias } from '../network/linear-maps.ts'
import type { PolynomialLayer, PolynomialModel } from '../network/polynomial-model.ts'
import { inputsOf } from '../network/run-layers.ts'
import { BATCH } from './loss.ts'
import { Network } from './network.ts'

/**
 * The same function, with polynomials whose outputs are 0 on average over the samples: their means are in the biases behind. A step of
 * the weights then moves what the inputs of the next polynomial vary by, and not their middle, which may be many deviations from 0.
 */
export function centrePolynomials(model: PolynomialModel, samples: readonly Float64Array[]): PolynomialModel {
  const polynomials = model.layers.filter((layer) => layer.kind === 'polynomial' && isReadLinearly(model, layer.id))
  const means = meansOf(model, polynomials as PolynomialLayer[], samples)
  const layers = model.layers.map((layer) => {
    if (layer.kind === 'linear') return withMeans(layer, means)
    const mean = means.get(layer.id)?.rows
    if (layer.kind !== 'polynomial' || !mean) return layer
    const coefficients = layer.coefficients.map((row, r) =>
      row.map((value, power) => (power === 0 ? value - mean[r] : value)),
    )
    return { ...layer, coefficients }
  })
  return { ...model, layers }
}

type Means = ReadonlyMap<LayerId, { readonly layer: PolynomialLayer; readonly rows: Float64Array }>

const isReadLinearly = ({ layers, output }: PolynomialModel, id: LayerId): boolean =>
  output !== id && layers.every((layer) => layer.kind === 'linear' || !inputsOf(layer).includes(id))

/** The mean output of each row of coefficients; none where that leaves the finite numbers. */
function meansOf(
  model: PolynomialModel,
  polynomials: readonly PolynomialLayer[],
  samples: readonly Float64Array[],
): Means {
  const network = new Network(model, BATCH, false)
  const means = new Map(
    polynomials.map((layer) => [layer.id, { layer, rows: new Float64Array(layer.coefficients.length) }]),
  )
  for (let first = 0; first < samples.length; first += BATCH) {
    const some = samples.slice(first, first + BATCH)
    network.forward(some)
    for (const { layer, rows } of means.values()) {
      const values = network.valuesOf(layer.id)
      const share = layer.coefficients.length / (samples.length * (values.length / BATCH))
      eachCoefficientRun(layer, (row, from, to) => {
        for (let element = from; element < to; element++) {
          for (let s = 0; s < some.length; s++) rows[row] += share * values[element * BATCH + s]
        }
      })
    }
  }
  return new Map([...means].filter(([, { rows }]) => rows.every(Number.isFinite)))
}

function withMeans(layer: LinearLayer, means: Means): LinearLayer {
  const read = layer.terms.flatMap(({ input, map }) => {
    const found = means.get(input)
    return found ? [{ map, ...found }] : []
  })
  if (read.length === 0) return layer
  const bias = Float64Array.from(expandBias(layer.bias, layer.shape))
  for (const { map, layer: from, rows } of read) {
    applyLinearMap(map, from.shape, layer.shape, expandBias(spreadRows(rows, from), from.shape), 1, bias)
  }
  return { ...layer, bias: compressBias(bias, layer.shape) }
}
