/**
 * Arithmetic modulo a prime p < 2^50 on pairs of f64 lanes that hold integers. Every function needs a truly
 * fused multiply-add; docs/kernels.md proves the bounds named here.
 */

@inline
export function fused(a: v128, b: v128, c: v128): v128 {
  return f64x2.relaxed_madd(a, b, c)
}

/** c − a·b */
@inline
export function fusedNegative(a: v128, b: v128, c: v128): v128 {
  return f64x2.relaxed_nmadd(a, b, c)
}

/**
 * y·w mod p for |w| < p, quotient = w/p rounded, |y| ≤ 2^53 and |y·w/p| ≤ 2^51:
 * |result| ≤ (1/2 + |y·w/p|·2^-53)·p. Adding and subtracting round = 1.5·2^52 rounds to the nearest integer.
 */
@inline
export function multiply(y: v128, w: v128, quotient: v128, p: v128, round: v128): v128 {
  const high = f64x2.mul(y, w)
  const multiple = f64x2.sub(fused(y, quotient, round), round)
  return f64x2.sub(fusedNegative(multiple, p, high), fusedNegative(y, w, high))
}

/** x mod p for |x| ≤ 2^53: |result| ≤ p/2 + 1. */
@inline
export function reduce(x: v128, p: v128, inverse: v128, round: v128): v128 {
  return fusedNegative(f64x2.sub(fused(x, inverse, round), round), p, x)
}

/** The residue in [0, p). */
@inline
export function canonical(x: v128, p: v128, inverse: v128, round: v128): v128 {
  const residue = reduce(x, p, inverse, round)
  return f64x2.add(residue, v128.and(p, f64x2.lt(residue, f64x2.splat(0))))
}

/** The representative in [−(p−1)/2, (p−1)/2] of |x| < p; half = (p−1)/2. */
@inline
export function centred(x: v128, p: v128, half: v128): v128 {
  const lifted = f64x2.add(x, v128.and(p, f64x2.lt(x, f64x2.neg(half))))
  return f64x2.sub(lifted, v128.and(p, f64x2.gt(lifted, half)))
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
