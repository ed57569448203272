import type { Coefficients } from '../numeric/monomials.ts'

/** How far from the middle of the inputs squares of a quadratic or a quartic may be taken, as in `fitMoments`. */
export interface SquareLimits {
  /** Of |shift| where the polynomial is a·(z + shift)² + c, or a·((z + shift)² + inner)² + q·z + c. */
  readonly shift: number
  /** Of |inner|. */
  readonly inner: number
  /** Of the highest power's coefficient: with the other one the shift is on the other side. */
  readonly sign: 1 | -1
}

/** In lengths of the inputs' reach: a quadratic's shift, a quartic's, and a quartic's inner constant, in squares of the largest input's. */
const [QUADRATIC_SHIFT, QUARTIC_SHIFT, INNER] = [4, 2, 2]

/** For inputs z with |z| up to `reach`; a polynomial that is beyond them is its own limit. */
export function limitsOf(polynomial: Coefficients, reach: number): SquareLimits {
  const own = formOf(polynomial)
  const shift = Math.max((polynomial.length > 3 ? QUARTIC_SHIFT : QUADRATIC_SHIFT) * reach, finite(own.shift))
  const inner = Math.max(INNER * (reach + finite(own.shift)) ** 2, finite(own.inner))
  return { shift, inner, sign: polynomial[polynomial.length - 1] < 0 ? -1 : 1 }
}

const finite = (value: number) => (Number.isFinite(value) ? Math.abs(value) : 0)

function formOf([, c1, c2, c3, c4]: Coefficients): Omit<SquareLimits, 'sign'> {
  if (c4 === undefined) return { shift: c1 / (2 * c2), inner: 0 }
  const shift = c3 / (4 * c4)
  return { shift, inner: (c2 - 6 * c4 * shift * shift) / (2 * c4) }
}

/**
 * The polynomial of degree 2 or 4 itself where it keeps the limits. Else the one with as much more of the highest power as they
 * ask for: all other coefficients stay, since those say what the polynomial does where inputs are usual.
 */
export function withinLimits(polynomial: Coefficients, limits: SquareLimits): Coefficients {
  const degree = polynomial.length - 1
  const near = Float64Array.from(polynomial)
  /** Whether there was less than that. */
  const raised = (least: number): boolean => {
    if (least <= limits.sign * near[degree] * ROUNDING) return false
    near[degree] = limits.sign * least
    return true
  }
  let changed = raised(Math.abs(near[degree - 1]) / (degree * limits.shift))
  for (let round = 0; degree === 4 && near[4] !== 0 && round < ROUNDS; round++) {
    if (!raised(Math.abs(formOf(near).inner * near[4]) / limits.inner)) break
    changed = true
  }
  return changed ? near : polynomial
}

/** A polynomial at its limit stays as it is. */
const ROUNDING = 1 + 1e-6
/** More of the fourth power moves the square to the middle, and may leave less to ask for. */
const ROUNDS = 20
