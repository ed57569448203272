import type { Plaintext } from 'node-seal/throws'
import { monomialSlots } from '../core/plan/clear-evaluator.ts'
import type { SealContext } from './context.ts'
import { plaintextFrom, residuesOf } from './monomials.ts'

/**
 * The plaintext of Σ Xᵗ·pₜ(Xⁿ) / n for vectors of slots / n real numbers, at most n of them. Its slots are complex, which
 * SEAL does not encode: it is a(X) + X^(N/2)·b(X), since the slots of X^(N/2) are i and −i in turn. The caller deletes it.
 */
export function encodePacked(
  context: SealContext,
  vectors: readonly Float64Array[],
  scale: number,
  primes: number,
): Plaintext {
  const { slots } = context
  const { primes: chain, polyModulusDegree: degree } = context.parameters
  const [real, imaginary] = [new Float64Array(slots), new Float64Array(slots)]
  const period = vectors[0].length
  vectors.forEach((vector, t) => {
    monomialSlots(slots, t, (slot, cosine, sine) => {
      const value = (vector[slot % period] * period) / slots
      real[slot] += value * cosine
      imaginary[slot] += (slot % 2 === 0 ? value : -value) * sine
    })
  })
  const [a, b] = [real, imaginary].map((values) => {
    const plain = context.encode(values, scale, primes)
    try {
      return residuesOf(context, plain)
    } finally {
      plain.delete()
    }
  })
  const unit = context.monomials.residues(degree / 2, primes)
  const sum = a.map((value, i) => (value + unit[i] * b[i]) % BigInt(chain[Math.floor(i / degree)]))
  return plaintextFrom(context, sum, primes, scale)
}
