import { activationFunction } from '../network/activations.ts'
import type { ContrastLayer } from '../network/contrasts.ts'
import type { Values } from './layer-values.ts'

/** What a contrast-max layer makes of exact contrasts. */
export function contrastMaximum(layer: ContrastLayer, inputs: Values): Values {
  const { taps, basis, shape } = layer
  const plane = shape[1] * shape[2]
  const functions = Array.from({ length: shape[0] }, (_, channel) =>
    layer.activation ? activationFunction(layer.activation, channel) : (x: number) => x,
  )
  return inputs.map((input) =>
    Float64Array.from({ length: shape[0] * plane }, (_, at) => {
      const channel = Math.floor(at / plane)
      let most = -Infinity
      for (let i = 0; i < taps; i++) {
        let value = 0
        for (let k = 0; k < taps; k++) {
          value += basis[k * taps + i] * input[(channel * taps + k) * plane + (at % plane)]
        }
        if (value > most) most = value
      }
      return functions[channel](most)
    }),
  )
}
