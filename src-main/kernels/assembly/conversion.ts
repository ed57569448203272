import { Command, polynomialBytes } from './command'
import { multiply } from './modular'
import { Prime } from './prime'
import { BLOCK_BYTES } from './sum'

/**
 * Numbers modulo a product of primes, modulo other primes. x modulo D = Π q has the parts y = x·(D/q)⁻¹ mod q, centred;
 * Σ y·(D/q) is x and a multiple of D. src-main/kernels/conversion-table.ts writes the constants, in this order:
 *
 *   [prime] of its digit's D: (D/q)⁻¹ mod q
 *   [special prime] of their product P: (P/s)⁻¹ mod s
 *   [prime] P⁻¹, then −P, then [special prime] P/s, each mod the prime
 *   [prime or special prime][prime] D/q mod the former
 */
@inline
export function digitFactor(command: Command, prime: i32): f64 {
  return load<f64>(command.conversion + (<usize>prime << 3))
}

@inline
export function specialFactor(command: Command, special: i32): f64 {
  return load<f64>(command.conversion + (<usize>(command.primes + special) << 3))
}

/** P⁻¹, −P and the P/s modulo a data prime. */
@inline
export function divisorConstants(command: Command, prime: i32): usize {
  const before = command.primes + command.specialPrimes
  return command.conversion + (<usize>(before + prime * (2 + command.specialPrimes)) << 3)
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
    addSum(target + at, parts + at, poly, count, first, constants, prime)
  }
}

/** x modulo P, centred, from its parts: Σ y·(P/s) − v·P, where v is Σ y/s rounded. |x| ≤ (special primes + 4)·0.57p. */
export function convertSpecial(target: usize, parts: usize, command: Command, index: i32, prime: Prime, inverses: usize): void {
  const poly = polynomialBytes(command)
  const count = command.specialPrimes
  const constants = divisorConstants(command, index)
  const minusP = f64x2.splat(load<f64>(constants, 8))
  const round = f64x2.splat(prime.round)
  for (let at: usize = 0; at < poly; at += BLOCK_BYTES) {
    for (let offset = at; offset < at + BLOCK_BYTES; offset += 16) {
      // Sums and products that are each rounded by themselves: the same bits in either build.
      let share = f64x2.mul(v128.load(parts + offset), v128.load_splat<f64>(inverses))
      for (let i = 1; i < count; i++) {
        const part = v128.load(parts + <usize>i * poly + offset)
        share = f64x2.add(share, f64x2.mul(part, v128.load_splat<f64>(inverses + (<usize>i << 3))))
      }
      const whole = f64x2.sub(f64x2.add(share, round), round)
      v128.store(target + offset, f64x2.mul(whole, minusP))
    }
    addSum(target + at, parts + at, poly, count, 0, constants + 16, prime)
  }
}

/** A block's Σ part·constant of two to four parts. */
function setSum(target: usize, parts: usize, poly: usize, count: i32, constants: usize, prime: Prime): void {
  if (count === 2) sumOf(target, parts, poly, 2, constants, prime, false)
  else if (count === 3) sumOf(target, parts, poly, 3, constants, prime, false)
  else sumOf(target, parts, poly, 4, constants, prime, false)
}

/** A block's Σ part·constant of the parts from `first` on, on top of what is there. */
function addSum(target: usize, parts: usize, poly: usize, count: i32, first: i32, constants: usize, prime: Prime): void {
  for (; first < count; first += PARTS_AT_ONCE) {
    const source = parts + <usize>first * poly
    const factors = constants + (<usize>first << 3)
    if (count - first === 1) sumOf(target, source, poly, 1, factors, prime, true)
    else if (count - first === 2) sumOf(target, source, poly, 2, factors, prime, true)
    else if (count - first === 3) sumOf(target, source, poly, 3, factors, prime, true)
    else sumOf(target, source, poly, 4, factors, prime, true)
  }
}

@inline
function sumOf(target: usize, parts: usize, poly: usize, count: i32, constants: usize, prime: Prime, onTop: bool): void {
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
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
    let sum = multiply(v128.load(source), w0, quotient0, p, round)
    if (count > 1) sum = f64x2.add(sum, multiply(v128.load(source + poly), w1, quotient1, p, round))
    if (count > 2) sum = f64x2.add(sum, multiply(v128.load(source + 2 * poly), w2, quotient2, p, round))
    if (count > 3) sum = f64x2.add(sum, multiply(v128.load(source + 3 * poly), w3, quotient3, p, round))
    v128.store(target + offset, onTop ? f64x2.add(v128.load(target + offset), sum) : sum)
  }
}
