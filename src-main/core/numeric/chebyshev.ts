import type { Coefficients } from './monomials.ts'
import { substitute } from './monomials.ts'

/** The Chebyshev nodes in (−1, 1). */
export const chebyshevNodes = (count: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.cos((Math.PI * (2 * i + 1)) / (2 * count)))

/**
 * The polynomial that interpolates f in the Chebyshev nodes of middle ± half, in powers of x: within a small factor of
 * the least possible largest error over that range, whatever inputs are usual.
 */
export function chebyshevInterpolant(
  f: (x: number) => number,
  middle: number,
  half: number,
  degree: number,
): Coefficients {
  const nodes = chebyshevNodes(degree + 1)
  const values = nodes.map((z) => f(middle + half * z))
  const powers = new Float64Array(degree + 1)
  chebyshevInPowers(degree).forEach((row, k) => {
    const at = nodes.reduce((sum, z, i) => sum + values[i] * Math.cos(k * Math.acos(z)), 0)
    const amount = ((k === 0 ? 1 : 2) / nodes.length) * at
    row.forEach((coefficient, power) => (powers[power] += amount * coefficient))
  })
  return substitute(powers, 1 / half, -middle / half)
}

/** Rows of T₀ … T_degree in powers of z: T₊ = 2zT − T₋. */
function chebyshevInPowers(degree: number): number[][] {
  const rows = [[1], [0, 1]]
  for (let k = 2; k <= degree; k++) {
    const next = [0, ...rows[k - 1].map((value) => 2 * value)]
    rows[k - 2].forEach((value, power) => (next[power] -= value))
    rows.push(next)
  }
  return rows.slice(0, degree + 1)
}
