import { Network } from '../tune/network.ts'
import type { Values } from './layer-values.ts'
import type { PolynomialLayer, PolynomialModel } from '../network/polynomial-model.ts'
import { must } from '../must.ts'

/** Samples side by side. */
const BATCH = 16

/** The model with the ranges that its polynomials' inputs take on the samples. */
export function observeRanges(model: PolynomialModel, samples: Values): PolynomialModel {
  const polynomials = model.layers.filter((layer) => layer.kind === 'polynomial')
  const ranges = new Map(
    polynomials.map(({ id, shape }) => [id, Array.from({ length: shape[0] }, () => [Infinity, -Infinity])]),
  )
  const network = new Network(model, BATCH, false)
  for (let first = 0; first < samples.length; first += BATCH) {
    const count = Math.min(BATCH, samples.length - first)
    network.forward(samples.slice(first, first + count))
    for (const { id, input, shape } of polynomials) {
      const values = network.valuesOf(input)
      const run = values.length / shape[0]
      must(ranges, id).forEach((range, channel) => {
        for (let i = channel * run; i < (channel + 1) * run; i++) {
          // Places beyond the last sample hold whatever zeros give.
          if (i % BATCH >= count) continue
          if (values[i] < range[0]) range[0] = values[i]
          if (values[i] > range[1]) range[1] = values[i]
        }
      })
    }
  }
  const observed = (layer: PolynomialLayer): PolynomialLayer => {
    const channelRanges = must(ranges, layer.id) as [number, number][]
    const range = channelRanges.reduce((all, one) => [Math.min(all[0], one[0]), Math.max(all[1], one[1])])
    return { ...layer, fit: { ...layer.fit, range, channelRanges } }
  }
  return { ...model, layers: model.layers.map((layer) => (layer.kind === 'polynomial' ? observed(layer) : layer)) }
}
