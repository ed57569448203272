import { Command, polynomialBytes, specialAt } from './command'
import { centred, exactly, less, multiply, nearly } from './modular'
import { Prime } from './prime'
import { BLOCK_BYTES } from './sum'

/**
 * Numbers modulo a product of primes, modulo other primes, in two ways. x modulo D = Π q has the parts y = x·(D/q)⁻¹ mod q,
 * centred; Σ y·(D/q) is x and a multiple of D. And the centred x modulo P = s₀·s₁·… is d₀ + s₀·(d₁ + s₁·(…)) for centred digits
 * to that mixed radix. src-main/kernels/conversion-table.ts writes the constants, in this order:
 *
 *   [prime] of its digit's D: (D/q)⁻¹ mod q
 *   [special prime i][special prime j] s_j⁻¹ mod s_i, for j < i
 *   [prime] P⁻¹, then s₀·…·s_(i−1) for each i from 1 on, mod the prime
 *   [prime or special prime][prime] D/q mod the former
 */
@inline
export function digitFactor(command: Command, prime: i32): f64 {
  return load<f64>(command.conversion + (<usize>prime << 3))
}

/** The inverses of the special primes before this one. */
@inline
function radixInverses(command: Command, special: i32): usize {
  return command.conversion + (<usize>(command.primes + special * command.specialPrimes) << 3)
}

/** P⁻¹ and the products of special primes modulo a data prime. */
@inline
export function divisorConstants(command: Command, prime: i32): usize {
  const before = command.primes + command.specialPrimes * command.specialPrimes
  return command.conversion + (<usize>(before + prime * command.specialPrimes) << 3)
}

/** The D/q modulo a prime of the value or, after these, a special one. */
@inline
export function digitConstants(command: Command, target: i32): usize {
  return divisorConstants(command, command.primes) + (<usize>(target * command.primes) << 3)
}

/** Parts that are summed in one pass: as many as leave their constants in registers. */
const PARTS_AT_ONCE: i32 = 4

/** Σ y·constant over `count` polynomials of parts, two at least, not reduced: |x| ≤ count·0.57p. */
export function convert(target: usize, parts: usize, count: i32, constants: usize, command: Command, prime: Prime): void {
  const poly = polynomialBytes(command)
  for (let at: usize = 0; at < poly; at += BLOCK_BYTES) {
    const first = min(count, PARTS_AT_ONCE)
    setSum(target + at, parts + at, poly, first, constants, prime)
    for (let i = first; i < count; i += PARTS_AT_ONCE) {
      addSum(target + at, target + at, parts + at, poly, i, count, constants, prime)
    }
  }
}

/** x modulo P, centred, from its digits to the mixed radix: d₀ + Σ d·(s₀·…). |x| ≤ 2^49 + (special primes − 1)·0.57p. */
export function convertRemainder(target: usize, digits: usize, command: Command, index: i32, prime: Prime): void {
  const poly = polynomialBytes(command)
  const count = command.specialPrimes
  const constants = divisorConstants(command, index)
  for (let at: usize = 0; at < poly; at += BLOCK_BYTES) {
    for (let i = 1; i < count; i += PARTS_AT_ONCE) {
      addSum(target + at, i === 1 ? digits + at : target + at, digits + at, poly, i, count, constants, prime)
    }
  }
}

/** Turns residues modulo the special primes, centred, into digits to the mixed radix, in `length` bytes of each polynomial. */
export function toMixedRadix(parts: usize, length: usize, command: Command): void {
  const poly = polynomialBytes(command)
  for (let i = 1; i < command.specialPrimes; i++) {
    const inverses = radixInverses(command, i)
    for (let j = 0; j < i; j++) {
      const inverse = load<f64>(inverses + (<usize>j << 3))
      takeDigit(parts + <usize>i * poly, parts + <usize>j * poly, length, inverse, specialAt(command, i))
    }
  }
}

/** x = (x − digit) / s, centred. */
function takeDigit(x: usize, digit: usize, length: usize, factor: f64, prime: Prime): void {
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  const inverse = f64x2.splat(prime.inverse)
  const w = f64x2.splat(factor)
  const quotient = f64x2.splat(factor / prime.p)
  for (let offset: usize = 0; offset < length; offset += 16) {
    const difference = f64x2.sub(v128.load(x + offset), v128.load(digit + offset))
    v128.store(x + offset, centred(multiply(difference, w, quotient, p, round), p, inverse, round))
  }
}

/** A block's Σ part·constant of two to four parts. */
function setSum(target: usize, parts: usize, poly: usize, count: i32, constants: usize, prime: Prime): void {
  if (count === 2) sumOf(target, 0, parts, poly, 2, constants, prime, false)
  else if (count === 3) sumOf(target, 0, parts, poly, 3, constants, prime, false)
  else sumOf(target, 0, parts, poly, 4, constants, prime, false)
}

/** A block's Σ part·constant of up to four of `count` parts, from the first on, and what is at `onto`. */
function addSum(
  target: usize,
  onto: usize,
  parts: usize,
  poly: usize,
  first: i32,
  count: i32,
  constants: usize,
  prime: Prime,
): void {
  const source = parts + <usize>first * poly
  const factors = constants + (<usize>first << 3)
  if (count - first === 1) sumOf(target, onto, source, poly, 1, factors, prime, true)
  else if (count - first === 2) sumOf(target, onto, source, poly, 2, factors, prime, true)
  else if (count - first === 3) sumOf(target, onto, source, poly, 3, factors, prime, true)
  else sumOf(target, onto, source, poly, 4, factors, prime, true)
}

/**
 * Σ y·w − q·p, q the sum of the rounded y·w/p: one quotient for all. High parts are added to shift = 1.5·2^52·p, whose quotient is
 * round = 1.5·2^52, so that q needs no rounding of its own; the exact rests are added up beside.
 */
@inline
function sumOf(
  target: usize,
  onto: usize,
  parts: usize,
  poly: usize,
  count: i32,
  constants: usize,
  prime: Prime,
  onTop: bool,
): void {
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  const shift = f64x2.splat(prime.round * prime.p)
  const factor0 = load<f64>(constants)
  const factor1 = count > 1 ? load<f64>(constants, 8) : 0
  const factor2 = count > 2 ? load<f64>(constants, 16) : 0
  const factor3 = count > 3 ? load<f64>(constants, 24) : 0
  const w0 = f64x2.splat(factor0)
  const w1 = f64x2.splat(factor1)
  const w2 = f64x2.splat(factor2)
  const w3 = f64x2.splat(factor3)
  const quotient0 = f64x2.splat(factor0 / prime.p)
  const quotient1 = f64x2.splat(factor1 / prime.p)
  const quotient2 = f64x2.splat(factor2 / prime.p)
  const quotient3 = f64x2.splat(factor3 / prime.p)
  for (let offset: usize = 0; offset < BLOCK_BYTES; offset += 16) {
    const source = parts + offset
    let y = v128.load(source)
    let q = nearly(y, quotient0, round)
    let high = nearly(y, w0, shift)
    let low = exactly(y, w0, f64x2.sub(shift, high))
    if (count > 1) {
      y = v128.load(source + poly)
      q = nearly(y, quotient1, q)
      const next = nearly(y, w1, high)
      low = f64x2.add(low, exactly(y, w1, f64x2.sub(high, next)))
      high = next
    }
    if (count > 2) {
      y = v128.load(source + 2 * poly)
      q = nearly(y, quotient2, q)
      const next = nearly(y, w2, high)
      low = f64x2.add(low, exactly(y, w2, f64x2.sub(high, next)))
      high = next
    }
    if (count > 3) {
      y = v128.load(source + 3 * poly)
      q = nearly(y, quotient3, q)
      const next = nearly(y, w3, high)
      low = f64x2.add(low, exactly(y, w3, f64x2.sub(high, next)))
      high = next
    }
    if (onTop) low = f64x2.add(low, v128.load(onto + offset))
    v128.store(target + offset, f64x2.add(less(high, q, p), low))
  }
}
