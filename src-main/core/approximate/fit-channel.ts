import { leastSquares } from './least-squares.ts'
import { evaluatePolynomial, substitute } from './monomials.ts'
import type { Coefficients } from './monomials.ts'
import type { Points } from './points.ts'

export interface FitOptions {
  readonly degree: number
  /** How far beyond the seen range the fit stays bounded, as a share of the range on either side. */
  readonly margin: number
  /** Weight of the margin's points together, where the seen points weigh 1. */
  readonly marginWeight: number
  /**
   * How far the vertex of the squares may lie from the middle of the range, in half-widths. A straight line has its
   * vertex at infinity, and a far vertex costs precision after squaring.
   */
  readonly vertexLimit: number
}

export const defaultFit: Omit<FitOptions, 'degree'> = { margin: 0.1, marginWeight: 1e-3, vertexLimit: 4 }

/**
 * Fits one channel: Σ weight·(p(x) − y)² least over the points and a lightly weighted margin on either side, where
 * `exact` gives the targets. Degree 2 or 4; a channel without variation becomes a constant. The result can always be
 * written as squares within the vertex limit: see `quadraticForm` and `quarticForm`.
 */
export function fitChannel(points: Points, exact: (x: number) => number, options: FitOptions): Coefficients {
  const middle = (points.low + points.high) / 2
  const half = (points.high - points.low) / 2
  const mean = points.weight.reduce((sum, weight, i) => sum + weight * points.y[i], 0)
  const scale = points.y.reduce((largest, y) => Math.max(largest, Math.abs(y)), 0)
  const spread = points.y.reduce((largest, y) => Math.max(largest, Math.abs(y - mean)), 0)
  const constant = new Float64Array(options.degree + 1)
  constant[0] = mean
  if (!(half > 1e-9 * Math.max(1, Math.abs(middle))) || !(spread > 1e-12 * Math.max(1, scale))) return constant
  const standard = withMargin(points, middle, half, exact, options)
  const fitted = options.degree === 2 ? fitQuadratic(standard, options) : fitQuartic(standard, options)
  return substitute(fitted, 1 / half, -middle / half)
}

/** Points in z = (x − middle) / half, so the seen range is [−1, 1]. */
interface StandardPoints {
  readonly z: Float64Array
  readonly y: Float64Array
  readonly weight: Float64Array
}

const MARGIN_POINTS = 16

function withMargin(
  points: Points,
  middle: number,
  half: number,
  exact: (x: number) => number,
  options: FitOptions,
): StandardPoints {
  const outside = Array.from({ length: 2 * MARGIN_POINTS }, (_, i) => {
    const beyond = 1 + (2 * options.margin * ((i >> 1) + 1)) / MARGIN_POINTS
    return i % 2 === 0 ? beyond : -beyond
  })
  const each = options.marginWeight / outside.length
  return {
    z: Float64Array.from([...points.x].map((x) => (x - middle) / half).concat(outside)),
    y: Float64Array.from([...points.y, ...outside.map((z) => exact(middle + half * z))]),
    weight: Float64Array.from([...points.weight, ...outside.map(() => each)]),
  }
}

const errorOf = (points: StandardPoints, coefficients: Coefficients): number =>
  points.z.reduce((sum, z, i) => sum + points.weight[i] * (evaluatePolynomial(coefficients, z) - points.y[i]) ** 2, 0)

const best = (points: StandardPoints, candidates: readonly Coefficients[]): Coefficients =>
  candidates.reduce((left, right) => (errorOf(points, right) < errorOf(points, left) ? right : left))

function fitQuadratic(points: StandardPoints, { vertexLimit }: FitOptions): Coefficients {
  // Legendre polynomials: nearly orthogonal already.
  const [c0, c1, c2] = leastSquares(
    [powers(points.z, () => 1), points.z, powers(points.z, (z) => 1.5 * z * z - 0.5)],
    points.y,
    points.weight,
  )
  const free = Float64Array.of(c0 - 0.5 * c2, c1, 1.5 * c2)
  if (Math.abs(free[1]) <= 2 * vertexLimit * Math.abs(free[2])) return free
  return best(
    points,
    [vertexLimit, -vertexLimit].map((shift) => {
      const [offset, a] = leastSquares(
        [powers(points.z, () => 1), powers(points.z, (z) => (z + shift) ** 2 - shift * shift)],
        points.y,
        points.weight,
      )
      return Float64Array.of(offset, 2 * a * shift, a)
    }),
  )
}

/** Shifts tried for the quartic's centre, in half-widths, where the free fit lies outside the limits. */
const SHIFTS = Array.from({ length: 25 }, (_, i) => (i - 12) / 6)

/** p/2 in (y² + p/2)² may reach this multiple of the largest y². */
export const INNER_LIMIT = 2

/** α(y² + p/2)² + q·y + constant with y = z + shift: what two squarings and one sum can compute. */
function fitQuartic(points: StandardPoints, options: FitOptions): Coefficients {
  return best(
    points,
    SHIFTS.flatMap((shift) => quarticsAbout(points, shift, options)),
  )
}

function quarticsAbout(points: StandardPoints, shift: number, _options: FitOptions): Coefficients[] {
  const y = powers(points.z, (z) => z + shift)
  const one = powers(y, () => 1)
  const square = powers(y, (v) => v * v)
  const fourth = powers(y, (v) => v ** 4)
  const innerLimit = INNER_LIMIT * (1 + Math.abs(shift)) ** 2
  const [e0, e1, e2, e4] = leastSquares([one, y, square, fourth], points.y, points.weight)
  if (Math.abs(e2) <= 2 * innerLimit * Math.abs(e4)) return [substitute(Float64Array.of(e0, e1, e2, 0, e4), 1, shift)]
  return [innerLimit, -innerLimit].map((inner) => {
    const [f0, f1, f4] = leastSquares([one, y, powers(y, (v) => v ** 4 + 2 * inner * v * v)], points.y, points.weight)
    return substitute(Float64Array.of(f0, f1, 2 * inner * f4, 0, f4), 1, shift)
  })
}

const powers = (x: Float64Array, f: (x: number) => number): Float64Array => x.map(f)
