import type { Diagonal, DiagonalSet, WeightWalk } from './diagonals.ts'
import { modulo, positionsOf, type Layout, type SlotGroup } from './layout.ts'

/**
 * The first linear map costs no rotation: the edge packs, for every output slot, the inputs that it needs,
 * one per input ciphertext (im2col). Lanes let one ciphertext carry several of an output's inputs.
 */
export interface FirstLayerPacking extends DiagonalSet {
  /** sources[i][s]: the flattened input element in slot s of input ciphertext i, or −1. */
  readonly sources: readonly Int32Array[]
}

export function packFirstLayer(walk: WeightWalk, to: Layout, lanes: SlotGroup): FirstLayerPacking {
  const { slots } = to
  const positions = positionsOf(to)
  const taken = new Int32Array(positions.length)
  interface Column {
    readonly sources: Int32Array
    readonly weights: Float64Array
  }
  const columns: Column[][] = Array.from({ length: to.ciphertexts }, () => [])
  walk((output, input, weight) => {
    const k = taken[output]++
    const ofCiphertext = columns[Math.floor(positions[output] / slots)]
    const n = Math.floor(k / lanes.count)
    const column = (ofCiphertext[n] ??= { sources: new Int32Array(slots).fill(-1), weights: new Float64Array(slots) })
    const slot = modulo(positions[output] + (k % lanes.count) * lanes.stride, slots)
    column.sources[slot] = input
    column.weights[slot] = weight
  })
  const inputs = new Map<string, { index: number; sources: Int32Array }>()
  const diagonals: (Diagonal & { readonly weights: Float64Array })[] = []
  columns.forEach((ofCiphertext, output) => {
    for (const { sources, weights } of ofCiphertext) {
      const key = sources.join()
      const input = inputs.get(key) ?? { index: inputs.size, sources }
      inputs.set(key, input)
      diagonals.push({ input: input.index, output, rotation: 0, parts: [0], weights })
    }
  })
  return {
    diagonals,
    sources: [...inputs.values()].map((input) => input.sources),
    fill: (index, _shift, vector) => vector.set(diagonals[index].weights),
  }
}

/** How many input ciphertexts and products the packing will need, without making it. */
export function countFirstLayer(
  walk: WeightWalk,
  outputs: number,
  to: Layout,
  lanes: SlotGroup,
): { inputs: number; products: number } {
  const taken = new Int32Array(outputs)
  walk((output) => (taken[output] += 1))
  const columns = Math.ceil(taken.reduce((most, count) => Math.max(most, count), 0) / lanes.count)
  return { inputs: columns, products: columns * to.ciphertexts }
}
