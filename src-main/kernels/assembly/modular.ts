/**
 * Arithmetic modulo a prime p < 2^50 on pairs of f64 lanes that hold integers. It is compiled twice: with fused
 * multiply-add, an instruction of relaxed SIMD, and without; docs/kernels.md proves the bounds for both.
 */

/** Clears the last 27 of an f64's 53 binary digits. */
const HIGH_DIGITS: u64 = 0xfffffffff8000000

@inline
function highDigits(x: v128): v128 {
  return v128.and(x, i64x2.splat(HIGH_DIGITS))
}

/** a·b + c, rounded once or twice. */
@inline
export function nearly(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f64x2.relaxed_madd(a, b, c) : f64x2.add(f64x2.mul(a, b), c)
}

/** a·b + c, where the rounding error of `nearly` is asked for: c is the difference of its argument and its result. */
@inline
export function exactly(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_madd(a, b, c)
  const a1 = highDigits(a)
  const a0 = f64x2.sub(a, a1)
  const b1 = highDigits(b)
  const b0 = f64x2.sub(b, b1)
  const upper = f64x2.add(f64x2.add(f64x2.mul(a1, b1), c), f64x2.mul(a1, b0))
  return f64x2.add(f64x2.add(upper, f64x2.mul(a0, b1)), f64x2.mul(a0, b0))
}

/**
 * y·w mod p for |w| < p, quotient = w/p rounded, |y| < 2^51.8 and |y·w/p| ≤ 2^51:
 * |result| ≤ (1/2 + |y·w/p|·2^-52)·p. Adding and subtracting round = 1.5·2^52 rounds to the nearest integer.
 */
@inline
export function multiply(y: v128, w: v128, quotient: v128, p: v128, round: v128): v128 {
  return remainder(y, w, f64x2.sub(nearly(y, quotient, round), round), p)
}

/** The same for factors that have no quotient at hand; inverse = 1/p rounded. */
@inline
export function product(y: v128, w: v128, p: v128, inverse: v128, round: v128): v128 {
  return remainder(y, w, f64x2.sub(nearly(f64x2.mul(y, w), inverse, round), round), p)
}

/** y·w − q·p, which is at most p in size. */
@inline
function remainder(y: v128, w: v128, q: v128, p: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) {
    const product = f64x2.mul(y, w)
    return f64x2.sub(f64x2.relaxed_nmadd(q, p, product), f64x2.relaxed_nmadd(y, w, product))
  }
  const y1 = highDigits(y)
  const y0 = f64x2.sub(y, y1)
  const w1 = highDigits(w)
  const w0 = f64x2.sub(w, w1)
  const q1 = highDigits(q)
  const q0 = f64x2.sub(q, q1)
  const p1 = highDigits(p)
  const p0 = f64x2.sub(p, p1)
  let difference = f64x2.sub(f64x2.mul(y1, w1), f64x2.mul(q1, p1))
  difference = f64x2.add(difference, f64x2.sub(f64x2.mul(y1, w0), f64x2.mul(q1, p0)))
  difference = f64x2.add(difference, f64x2.sub(f64x2.mul(y0, w1), f64x2.mul(q0, p1)))
  return f64x2.add(difference, f64x2.sub(f64x2.mul(y0, w0), f64x2.mul(q0, p0)))
}

/** h − q·p, at most 2^53 in size, for whole numbers q ≤ 2^53. */
@inline
export function less(h: v128, q: v128, p: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f64x2.relaxed_nmadd(q, p, h) : exactly(f64x2.neg(q), p, h)
}

/** x mod p for |x| ≤ 2^53 − p/2 − 2: |result| ≤ p/2 + 2. */
@inline
export function reduce(x: v128, p: v128, inverse: v128, round: v128): v128 {
  const q = f64x2.sub(nearly(x, inverse, round), round)
  return ASC_FEATURE_RELAXED_SIMD ? f64x2.relaxed_nmadd(q, p, x) : f64x2.sub(x, f64x2.mul(q, p))
}

/** The residue in [0, p). */
@inline
export function canonical(x: v128, p: v128, inverse: v128, round: v128): v128 {
  return lifted(reduce(x, p, inverse, round), p)
}

/** The residue in [0, p) of |x| < p. */
@inline
export function lifted(x: v128, p: v128): v128 {
  return f64x2.add(x, v128.and(p, f64x2.lt(x, f64x2.splat(0))))
}

/** The representative in [−(p−1)/2, (p−1)/2] of |x| < p: there x/p is so far from a half that its rounding is right. */
@inline
export function centred(x: v128, p: v128, inverse: v128, round: v128): v128 {
  return reduce(x, p, inverse, round)
}

/** `multiply` of single numbers, for tables that are made once: the residue in [0, p). */
export function multiplyOne(y: f64, w: f64, p: f64): f64 {
  const round = f64x2.splat(1.5 * 4503599627370496)
  const product = multiply(f64x2.splat(y), f64x2.splat(w), f64x2.splat(w / p), f64x2.splat(p), round)
  return f64x2.extract_lane(canonical(product, f64x2.splat(p), f64x2.splat(1 / p), round), 0)
}

/** The smallest number in size that is x modulo p, for x in [0, p). */
@inline
export function smallest(x: f64, p: f64): f64 {
  return x > p / 2 ? x - p : x
}
