import { chebyshevNodes } from '../numeric/chebyshev.ts'
import { leastSquares } from '../numeric/least-squares.ts'
import { legendre, powersInLegendre } from '../numeric/legendre.ts'
import type { Degree } from '../network/polynomial-model.ts'
import { leadingMoments, noMoments, observe } from './moments.ts'
import type { Moments } from './moments.ts'
import { substitute } from '../numeric/monomials.ts'
import type { Coefficients } from '../numeric/monomials.ts'
import { isSpread } from './points.ts'
import type { Points } from './points.ts'

export interface FitOptions {
  readonly degree: Degree
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

/** For networks of many polynomials: what leaves one's range a little leaves the next one's by far, and grows on. */
export const deepFit: typeof defaultFit = { ...defaultFit, margin: 0.5, marginWeight: 1e-2 }

/**
 * For networks of many polynomials with exact activations between them: these end what grows downwards only, but with so
 * few polynomials in a row, little weight far out keeps outputs finite and costs the usual inputs next to nothing.
 */
export const interruptedFit: typeof defaultFit = { ...defaultFit, margin: 0.3, marginWeight: 3e-5 }

/** The seen range of a channel as middle ± half. */
export const rangeOf = ({ low, high }: Points) => ({ middle: (low + high) / 2, half: (high - low) / 2 })

/** Whether a channel varies enough for anything but a constant in a layer whose outputs reach `largest`. */
export function varies({ low, high, y }: Points, largest: number): boolean {
  const [least, most] = y.reduce(([l, m], value) => [Math.min(l, value), Math.max(m, value)], [Infinity, -Infinity])
  return isSpread(low, high) && isSpread(least, most, largest)
}

/** The weighted mean of the points, as degree + 1 coefficients; the weights sum to 1. */
export function constantPolynomial(points: Points, degree: number): Coefficients {
  const coefficients = new Float64Array(degree + 1)
  coefficients[0] = points.weight.reduce((sum, weight, i) => sum + weight * points.y[i], 0)
  return coefficients
}

const MARGIN_POINTS = 16

/** A range of more than this many deviations to either side has tails that the usual inputs say nothing of. */
const WIDE = 12
/** Weight of the Chebyshev nodes over a wide range together, where the seen points weigh 1. */
const TAIL_WEIGHT = 3e-3
const TAIL_POINTS = 32

/** The deviation of the points' inputs. */
function deviationOf({ x, weight }: Points): number {
  const mean = x.reduce((sum, value, i) => sum + weight[i] * value, 0)
  return Math.sqrt(x.reduce((sum, value, i) => sum + weight[i] * (value - mean) ** 2, 0))
}

/** The moments of points alone, for polynomials in z = (x − middle) / half. */
export function seenMoments(
  { x, y, weight }: Points,
  { middle, half }: ReturnType<typeof rangeOf>,
  { degree }: FitOptions,
): Moments {
  const moments = noMoments(degree + 1)
  const basis = new Float64Array(degree + 1)
  x.forEach((value, i) => {
    legendre((value - middle) / half, basis.length, basis)
    observe(moments, basis, y[i], weight[i])
  })
  return moments
}

/**
 * The moments of a channel's points, and of lightly weighted ones in a margin on either side of the range and, where
 * that is wide, all over it; `exact` gives the targets of those.
 */
export function pointMoments(points: Points, exact: (x: number) => number, options: FitOptions): Moments {
  const range = rangeOf(points)
  const { middle, half } = range
  const moments = seenMoments(points, range, options)
  const basis = new Float64Array(options.degree + 1)
  const add = (z: number, y: number, weight: number) => {
    legendre(z, basis.length, basis)
    observe(moments, basis, y, weight)
  }
  for (let i = 0; i < MARGIN_POINTS; i++) {
    const beyond = 1 + (2 * options.margin * (i + 1)) / MARGIN_POINTS
    for (const z of [beyond, -beyond]) add(z, exact(middle + half * z), options.marginWeight / (2 * MARGIN_POINTS))
  }
  if (half > WIDE * deviationOf(points)) {
    for (const z of chebyshevNodes(TAIL_POINTS)) add(z, exact(middle + half * z), TAIL_WEIGHT / TAIL_POINTS)
  }
  return moments
}

/**
 * The polynomial of degree 2, 4 or 8 in x with the least error by the moments, among those that can be written as squares
 * within the limits: a quadratic's vertex within `vertexLimit`, a quartic as fourth·(y² + inner)² + first·y + constant, an
 * octic as an even one in y and first·y. Its degree is lower where the range is too narrow for it.
 */
export function fitMoments(moments: Moments, middle: number, half: number, options: FitOptions): Coefficients {
  const degree = degreeWithin(options.degree, middle, half)
  const fitted = new Float64Array(options.degree + 1)
  fitted.set(fitters[degree](factor(leadingMoments(moments, degree + 1)), options))
  return substitute(fitted, 1 / half, -middle / half)
}

/** In powers of x terms cancel that are (middle / half)^degree times what varies: with more, under 16 of 53 bits were left. */
const MOST_CANCELLED = 2 ** 36

/** On a range far from 0 and narrow beside that, what higher powers add is less than the rounding of their terms. */
function degreeWithin(degree: Degree, middle: number, half: number): Degree {
  const lower = [8, 4, 2] as const
  return lower.find((d) => d <= degree && Math.abs(middle / half) ** d <= MOST_CANCELLED) ?? 2
}

/** The moments as a small least-squares problem: error = ‖factor·θ − target‖² + constant. */
interface Design {
  /** Columns of the factor, one per Legendre polynomial. */
  readonly columns: readonly Float64Array[]
  readonly target: Float64Array
}

/** Cholesky's factor of the Gram matrix, lifted off singularity by 1e-13 of its diagonal. */
function factor({ count, gram, right }: Moments): Design {
  const columns = Array.from({ length: count }, () => new Float64Array(count))
  const target = new Float64Array(count)
  // columns[j][i] = Lᵀ[i][j] = L[j][i] for i ≤ j.
  for (let j = 0; j < count; j++) {
    for (let i = 0; i <= j; i++) {
      let sum = gram[j * count + i]
      for (let k = 0; k < i; k++) sum -= columns[j][k] * columns[i][k]
      const lift = 1e-13 * gram[j * count + j] + Number.MIN_VALUE
      columns[j][i] = i < j ? sum / columns[i][i] : Math.sqrt(Math.max(sum, 0) + lift)
    }
    let rest = right[j]
    for (let k = 0; k < j; k++) rest -= columns[j][k] * target[k]
    target[j] = rest / columns[j][j]
  }
  return { columns, target }
}

interface Candidate {
  /** In powers of z. */
  readonly coefficients: Coefficients
  readonly error: number
}

/** The best combination of the given polynomials in z. */
function combine({ columns, target }: Design, family: readonly Coefficients[]): Candidate & { amounts: Float64Array } {
  const designed = family.map((polynomial) => {
    const column = new Float64Array(target.length)
    polynomial.forEach((coefficient, power) => {
      if (coefficient === 0) return
      columns.forEach((values, k) => {
        const amount = coefficient * powersInLegendre[power][k]
        for (let i = 0; i <= k; i++) column[i] += amount * values[i]
      })
    })
    return column
  })
  const amounts = leastSquares(designed, target, new Float64Array(target.length).fill(1))
  const coefficients = new Float64Array(target.length)
  family.forEach((polynomial, m) => polynomial.forEach((value, k) => (coefficients[k] += amounts[m] * value)))
  const error = target.reduce(
    (sum, value, i) => sum + (value - designed.reduce((s, column, m) => s + amounts[m] * column[i], 0)) ** 2,
    0,
  )
  return { coefficients, error, amounts }
}

const best = (candidates: readonly Candidate[]): Coefficients =>
  candidates.reduce((left, right) => (right.error < left.error ? right : left)).coefficients

const ONE = Float64Array.of(1)

function fitQuadratic(design: Design, { vertexLimit }: FitOptions): Coefficients {
  const free = combine(design, [ONE, Float64Array.of(0, 1), Float64Array.of(0, 0, 1)])
  const [, b, a] = free.coefficients
  if (Math.abs(b) <= 2 * vertexLimit * Math.abs(a)) return free.coefficients
  return best([vertexLimit, -vertexLimit].map((shift) => combine(design, [ONE, Float64Array.of(0, 2 * shift, 1)])))
}

/** Centres tried for the quartic and the octic, in half-widths from the middle. */
const SHIFTS = Array.from({ length: 49 }, (_, i) => (i - 24) / 12)

/** |inner| may reach this multiple of the largest y². */
const INNER_LIMIT = 2

function fitQuartic(design: Design): Coefficients {
  return best(SHIFTS.flatMap((shift) => quarticsAbout(design, shift)))
}

function quarticsAbout(design: Design, shift: number): Candidate[] {
  const about = powersAbout(shift, 5)
  const limit = INNER_LIMIT * (1 + Math.abs(shift)) ** 2
  const free = combine(design, [about(1), about(0, 1), about(0, 0, 1), about(0, 0, 0, 0, 1)])
  const [, , second, fourth] = free.amounts
  if (Math.abs(second) <= 2 * limit * Math.abs(fourth)) return [free]
  return [limit, -limit].map((inner) => combine(design, [about(1), about(0, 1), about(0, 0, 2 * inner, 0, 1)]))
}

/** Σ powers[k]·(z + shift)ᵏ with `count` coefficients. */
const powersAbout =
  (shift: number, count: number) =>
  (...powers: number[]): Coefficients => {
    const padded = new Float64Array(count)
    padded.set(powers)
    return substitute(padded, 1, shift)
  }

function fitOctic(design: Design): Coefficients {
  return best([
    { coefficients: fitQuartic(design), error: Infinity },
    ...SHIFTS.flatMap((shift) => octicsAbout(design, shift)),
  ])
}

/** The octic's inner constants stay within these multiples of the largest y² and y⁴, or squaring would waste bits. */
const OCTIC_LIMITS = [3, 6] as const

function octicsAbout(design: Design, shift: number): Candidate[] {
  const about = powersAbout(shift, 9)
  const even = [
    about(1),
    about(0, 0, 1),
    about(0, 0, 0, 0, 1),
    about(0, 0, 0, 0, 0, 0, 1),
    about(0, 0, 0, 0, 0, 0, 0, 0, 1),
  ]
  const free = combine(design, [...even, about(0, 1)])
  const [, , fourth, sixth, eighth] = free.amounts
  if (eighth === 0) return []
  const inner = sixth / (4 * eighth)
  const outer = (fourth / eighth - 6 * inner * inner) / 2
  const largest = (1 + Math.abs(shift)) ** 2
  const within = Math.abs(inner) <= OCTIC_LIMITS[0] * largest && Math.abs(outer) <= OCTIC_LIMITS[1] * largest ** 2
  return within ? [free] : []
}

const fitters = { 2: fitQuadratic, 4: fitQuartic, 8: fitOctic } as const
