import type { Ciphertext } from 'node-seal/throws'
import type { LoadWeight } from '../core/bundle/material.ts'
import type { WeightIndex, WeightSlot } from '../core/plan/plan.ts'
import { loadCiphertext, polynomialBytes, type ExpectedCiphertext } from './ciphertext.ts'
import type { SealContext } from './context.ts'
import { checkHeap } from './module.ts'
import { unpackCiphertext } from './packed.ts'

/** The ciphertexts that are expanded together with a weight; none where it is an entry of the bundle. */
export type ExpandWeight = (index: WeightIndex) => Iterable<readonly [WeightIndex, Ciphertext]>

/** The ciphertext that a packed one stands for. The caller deletes it. @throws UserError damaged-data */
export function loadPacked(context: SealContext, packed: Uint8Array, level: ExpectedCiphertext): Ciphertext {
  checkHeap(context.seal)
  return loadCiphertext(context, unpackCiphertext(context, packed, level.primes, level.scale), level)
}

/** Weight ciphertexts by index: loaded on first use, kept within a budget, loaded again beyond it. */
export class SealWeights {
  readonly #context: SealContext
  readonly #slots: readonly WeightSlot[]
  readonly #load: LoadWeight
  readonly #kept = new Map<WeightIndex, Ciphertext>()
  readonly #expand: ExpandWeight
  #budgetBytes: number

  constructor(
    context: SealContext,
    slots: readonly WeightSlot[],
    load: LoadWeight,
    budgetBytes: number,
    expand: ExpandWeight = () => [],
  ) {
    this.#context = context
    this.#expand = expand
    this.#slots = slots
    this.#load = load
    this.#budgetBytes = budgetBytes
  }

  /** Lends the ciphertext to `body`, which must not keep it. */
  lend<T>(index: WeightIndex, body: (weight: Ciphertext) => T): T {
    if (!this.#kept.has(index)) for (const [made, weight] of this.#expand(index)) this.#kept.set(made, weight)
    const kept = this.#kept.get(index)
    if (kept) return body(kept)
    const slot = this.#slots[index]
    const weight = loadPacked(this.#context, this.#load(index), slot)
    const bytes = 2 * polynomialBytes(this.#context, slot.primes)
    const keep = bytes <= this.#budgetBytes
    if (keep) {
      this.#budgetBytes -= bytes
      this.#kept.set(index, weight)
    }
    try {
      return body(weight)
    } finally {
      if (!keep) weight.delete()
    }
  }

  delete(): void {
    for (const weight of this.#kept.values()) weight.delete()
    this.#kept.clear()
  }
}
