import { substitute } from './monomials.ts'
import { lastOf } from '../must.ts'

/** Writes Legendre polynomials 0 … count − 1 of z to out[at], out[at + step], …: (k+1)P₊ = (2k+1)zP − kP₋. */
export function legendre(z: number, count: number, out: Float64Array, at = 0, step = 1): void {
  out[at] = 1
  if (count > 1) out[at + step] = z
  for (let k = 1; k + 1 < count; k++) {
    out[at + (k + 1) * step] = ((2 * k + 1) * z * out[at + k * step] - k * out[at + (k - 1) * step]) / (k + 1)
  }
}

const HIGHEST = 8

/** inLegendre[power][k]: zᵖᵒʷᵉʳ = Σ inLegendre[power][k]·P_k(z), by z·P_k = ((k+1)P₊ + kP₋)/(2k+1). */
export const powersInLegendre: readonly (readonly number[])[] = (() => {
  const rows = [Array.from({ length: HIGHEST + 1 }, (_, k): number => (k === 0 ? 1 : 0))]
  while (rows.length <= HIGHEST) {
    const next = new Array<number>(HIGHEST + 1).fill(0)
    lastOf(rows).forEach((amount, k) => {
      if (amount === 0) return
      next[k + 1] += (amount * (k + 1)) / (2 * k + 1)
      if (k > 0) next[k - 1] += (amount * k) / (2 * k + 1)
    })
    rows.push(next)
  }
  return rows
})()

/** The Legendre coefficients in z = (x − middle) / half of a polynomial in x. */
export function legendreCoefficients(powers: Float64Array, middle: number, half: number): Float64Array {
  const result = new Float64Array(powers.length)
  substitute(powers, half, middle).forEach((amount, power) => {
    for (let k = 0; k < result.length; k++) result[k] += amount * powersInLegendre[power][k]
  })
  return result
}
