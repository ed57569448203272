import type { CkksParameters, InputLevel } from '../plan/plan.ts'

/** Where a ciphertext begins from which masks make weights, and the masks' scale. */
export interface Masking {
  readonly input: InputLevel
  readonly scale: number
  /** What the masks multiply the scale by is divided away again; else it is part of the weights' own. */
  readonly rescales: boolean
}

/** Of masks: their encoding then errs less than anything else does. */
const maskBits = 20

/** Of a ciphertext that is rotated before it is masked: its errors are then far smaller than those of a value of the usual scales. */
const leastScale = 2 ** 26

/**
 * For weights whose masks are followed by a rescaling: one level higher. The rest of the prime that it divides by is the
 * ciphertext's own, so that errors of rotations before it vanish.
 */
export function maskingBelow({ primes: values }: CkksParameters, { primes, scale }: InputLevel): Masking {
  const lastPrime = Number(values[primes])
  const extra = 2 ** Math.max(0, Math.floor(Math.log2(lastPrime)) - maskBits)
  return { input: { primes: primes + 1, scale: scale * extra }, scale: lastPrime / extra, rescales: true }
}

/** For weights whose own scale is so large that the masks' may be part of it; undefined where it is not. */
export function maskingWithin({ primes, scale }: InputLevel): Masking | undefined {
  const maskScale = 2 ** maskBits
  return scale >= maskScale * leastScale
    ? { input: { primes, scale: scale / maskScale }, scale: maskScale, rescales: false }
    : undefined
}
