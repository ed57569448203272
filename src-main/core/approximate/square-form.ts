import { UserError } from '../errors.ts'
import type { Coefficients } from '../numeric/monomials.ts'
import { substitute } from '../numeric/monomials.ts'

/** eighth·((y² + inner)² + outer)² + fourth·(y² + inner)² + second·y² + first·y + constant with y = x + shift. */
export interface SquareForm {
  readonly shift: number
  readonly inner: number
  readonly outer: number
  readonly eighth: number
  readonly fourth: number
  readonly second: number
  readonly first: number
  readonly constant: number
}

/**
 * The square form of a polynomial of degree 8 or less; a quadratic's has only `second`, a quartic's only `fourth`
 * and `first`, an octic's `eighth`, `second` and `first`. Throws a UserError for a polynomial that a chain of
 * squarings cannot compute: a cubic, or an octic that is not even about its centre but for a linear term.
 */
export function squareForm(coefficients: Coefficients, layer: string): SquareForm {
  if (coefficients.length > 8 && coefficients[8] !== 0) return octicForm(coefficients, layer)
  const [c0, c1 = 0, c2 = 0, c3 = 0, c4 = 0] = coefficients
  if (c4 !== 0 && coefficients.slice(5).every((c) => c === 0)) {
    const shift = c3 / (4 * c4)
    const [d0, d1, d2] = substitute(coefficients, 1, -shift)
    const inner = d2 / (2 * c4)
    return { ...none, shift, inner, fourth: c4, first: d1, constant: d0 - c4 * inner * inner }
  }
  if (c3 !== 0 || coefficients.slice(5).some((c) => c !== 0)) {
    throw unsupported(layer)
  }
  if (c2 === 0) return { ...none, first: c1, constant: c0 }
  const shift = c1 / (2 * c2)
  return { ...none, shift, second: c2, constant: c0 - c2 * shift * shift }
}

const none = { shift: 0, inner: 0, outer: 0, eighth: 0, fourth: 0, second: 0, first: 0 }

const unsupported = (layer: string) =>
  new UserError('unsupported-degree', 'Only polynomials of degree 1, 2, 4 and 8 in the form of squares are computed.', {
    where: { layer },
  })

/**
 * Odd parts that are rounding only, of coefficients that a file holds as float32 (2.5e-5 was seen): relative to the
 * largest term over the range where the shifted leading term is 1.
 */
const ROUNDING = 1e-4

function octicForm(coefficients: Coefficients, layer: string): SquareForm {
  const eighth = coefficients[8]
  const shift = coefficients[7] / (8 * eighth)
  const [d0, d1, d2, d3, d4, d5, d6] = substitute(coefficients, 1, -shift)
  const inner = d6 / (4 * eighth)
  const outer = (d4 / eighth - 6 * inner * inner) / 2
  const size = Math.sqrt(Math.abs(inner)) || 1
  const largest = Math.max(Math.abs(d6) * size ** 6, Math.abs(d4) * size ** 4, Math.abs(eighth) * size ** 8)
  if (Math.max(Math.abs(d3) * size ** 3, Math.abs(d5) * size ** 5) > ROUNDING * largest) throw unsupported(layer)
  // eighth·(y⁴ + 2·inner·y² + centre)² has 4·eighth·inner·centre·y² and eighth·centre².
  const centre = inner * inner + outer
  const second = d2 - 4 * eighth * inner * centre
  return { ...none, shift, inner, outer, eighth, second, first: d1, constant: d0 - eighth * centre * centre }
}

/** Whether a chain of squarings computes the polynomial as it is. */
export function hasSquareForm(coefficients: Coefficients): boolean {
  try {
    squareForm(coefficients, '')
    return true
  } catch (error) {
    if (error instanceof UserError) return false
    throw error
  }
}
