import { UserError } from '../errors.ts'
import type { Coefficients } from './monomials.ts'
import { substitute } from './monomials.ts'

/** fourth·(y² + inner)² + second·y² + first·y + constant with y = x + shift. */
export interface SquareForm {
  readonly shift: number
  readonly inner: number
  readonly fourth: number
  readonly second: number
  readonly first: number
  readonly constant: number
}

/**
 * The square form of a polynomial of degree 4 or less; a quadratic's has only `second`, a quartic's only `fourth`
 * and `first`. Throws a UserError for a cubic, which two squarings cannot compute.
 */
export function squareForm(coefficients: Coefficients, layer: string): SquareForm {
  const [c0, c1 = 0, c2 = 0, c3 = 0, c4 = 0] = coefficients
  if (c4 !== 0) {
    const shift = c3 / (4 * c4)
    const [d0, d1, d2] = substitute(coefficients, 1, -shift)
    const inner = d2 / (2 * c4)
    return { shift, inner, fourth: c4, second: 0, first: d1, constant: d0 - c4 * inner * inner }
  }
  if (c3 !== 0 || coefficients.slice(5).some((c) => c !== 0)) {
    throw new UserError('unsupported-degree', 'Only polynomials of degree 1, 2 and 4 can be written as squares.', {
      where: { layer },
    })
  }
  const none = { shift: 0, inner: 0, fourth: 0, second: 0, first: 0 }
  if (c2 === 0) return { ...none, first: c1, constant: c0 }
  const shift = c1 / (2 * c2)
  return { ...none, shift, second: c2, constant: c0 - c2 * shift * shift }
}
