import type { LayerId } from './layer-model.ts'
import { isExact, type PolynomialModel } from './polynomial-model.ts'
import { inputsOf } from './run-layers.ts'

/**
 * Levels of the longest path without an exact layer: one per run of linear layers (they merge), one per squaring; a quartic squares twice.
 */
export function depthOf(model: PolynomialModel): number {
  const depths = new Map<LayerId, { levels: number; linear: boolean }>()
  for (const layer of model.layers) {
    const before = inputsOf(layer).map((id) => depths.get(id) ?? { levels: 0, linear: false })
    if (layer.kind === 'linear') {
      const levels = Math.max(...before.map((input) => input.levels + (input.linear ? 0 : 1)))
      depths.set(layer.id, { levels, linear: true })
    } else if (isExact(layer)) {
      // The owner refreshes here: the levels start anew.
      depths.set(layer.id, { levels: 0, linear: false })
    } else {
      const degree = layer.coefficients[0].length - 1
      const squarings = Math.ceil(Math.log2(degree))
      depths.set(layer.id, { levels: before[0].levels + squarings, linear: squarings === 0 && before[0].linear })
    }
  }
  return Math.max(0, ...[...depths.values()].map(({ levels }) => levels))
}
