import type { Ciphertext } from 'node-seal/throws'
import type { LoadWeight } from '../core/bundle/material.ts'
import type { WeightIndex, WeightSlot } from '../core/plan/plan.ts'
import { loadCiphertext, polynomialBytes } from './ciphertext.ts'
import type { SealContext } from './context.ts'
import { checkHeap } from './module.ts'
import { unpackCiphertext } from './packed.ts'

/** Weight ciphertexts by index: loaded on first use, kept within a budget, loaded again beyond it. */
export class SealWeights {
  readonly #context: SealContext
  readonly #slots: readonly WeightSlot[]
  readonly #load: LoadWeight
  readonly #kept = new Map<WeightIndex, Ciphertext>()
  #budgetBytes: number

  constructor(context: SealContext, slots: readonly WeightSlot[], load: LoadWeight, budgetBytes: number) {
    this.#context = context
    this.#slots = slots
    this.#load = load
    this.#budgetBytes = budgetBytes
  }

  /** Lends the ciphertext to `body`, which must not keep it. */
  lend<T>(index: WeightIndex, body: (weight: Ciphertext) => T): T {
    const kept = this.#kept.get(index)
    if (kept) return body(kept)
    checkHeap(this.#context.seal)
    const slot = this.#slots[index]
    const weight = loadCiphertext(
      this.#context,
      unpackCiphertext(this.#context, this.#load(index), slot.primes, slot.scale),
      slot,
    )
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
