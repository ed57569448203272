import { getOrMake } from '../core/get-or-make.ts'
import { quarterRoots } from './roots.ts'

/**
 * How slots become the coefficients of a polynomial, in a form whose every rounding is fixed; docs/kernels.md derives it.
 * Values go to n/2 places in bit-reversed order, a transform of n/2 complex numbers follows, then a twist and rounding.
 */
export interface EncoderTables {
  readonly n: number
  /** For each slot, where its value goes. */
  readonly places: Uint32Array
  /** [real, imaginary] of the levels' roots: those of gap h at h … 2h − 1. */
  readonly roots: Float64Array
  /** [real, imaginary], n/2 of them. */
  readonly twists: Float64Array
}

const known = new Map<number, EncoderTables>()

/** Roots and twists by which n/2 real slots become n coefficients; made once for each n, a power of two. */
export const encoderTables = (n: number): EncoderTables => getOrMake(known, n, () => makeTables(n))

/** What every value is multiplied by after the transform: exact, since n is a power of two. */
export const encodingFactor = (scale: number, n: number): number => (scale * 2) / n

function makeTables(n: number): EncoderTables {
  const half = n / 2
  const { real, imaginary } = quarterRoots(n)
  const twists = new Float64Array(n)
  for (let m = 0; m < half; m++) twists.set([real[m], -imaginary[m]], 2 * m)
  const roots = new Float64Array(n)
  for (let gap = 1; gap < half; gap *= 2) {
    for (let j = 0; j < gap; j++) {
      // exp(−πi·j/gap), from the first quarter.
      const m = (n / gap) * j
      const turned = m >= half
      const at = turned ? m - half : m
      roots.set(turned ? [-imaginary[at], -real[at]] : [real[at], -imaginary[at]], 2 * (gap + j))
    }
  }
  return { n, places: slotPlaces(n), roots, twists }
}

/**
 * Slot s is the value at the root with exponent 3^s. Of the exponents e and 2n − e, whose values are conjugates and here
 * equal, one is 4k + 1: the value goes to k, bit-reversed.
 */
function slotPlaces(n: number): Uint32Array {
  const half = n / 2
  const bits = Math.log2(half)
  const places = new Uint32Array(half)
  let exponent = 1
  for (let slot = 0; slot < half; slot++) {
    const k = ((exponent % 4 === 1 ? exponent : 2 * n - exponent) - 1) / 4
    let place = 0
    for (let bit = 0; bit < bits; bit++) place |= ((k >> bit) & 1) << (bits - 1 - bit)
    places[slot] = place
    exponent = (exponent * 3) % (2 * n)
  }
  return places
}
