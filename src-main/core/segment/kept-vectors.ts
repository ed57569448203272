import { getOrMake } from '../get-or-make.ts'
import type { PlannedNetwork, WeightIndex } from '../plan/plan.ts'

const mostKeptBytes = 256e6

/** Making a weight vector takes longer than multiplying with it: the first ones that fit are kept until they are forgotten. */
export class KeptVectors {
  #room = mostKeptBytes
  readonly #networks = new WeakMap<PlannedNetwork, PlannedNetwork>()
  readonly #vectors: Map<WeightIndex, Float64Array>[] = []

  /** The same network, with vectors that are made once. The same for the same one. */
  of(network: PlannedNetwork): PlannedNetwork {
    return getOrMake(this.#networks, network, () => {
      const known = new Map<WeightIndex, Float64Array>()
      this.#vectors.push(known)
      const weightVectors = (index: WeightIndex): Float64Array => {
        const held = known.get(index)
        if (held) return held
        const vector = network.weightVectors(index)
        if (vector.byteLength <= this.#room) {
          known.set(index, vector)
          this.#room -= vector.byteLength
        }
        return vector
      }
      const kept = { ...network, weightVectors }
      this.#networks.set(kept, kept)
      return kept
    })
  }

  /** Nothing is kept any more; the networks go on making their vectors. */
  forget(): void {
    this.#room = 0
    for (const known of this.#vectors) known.clear()
  }
}
