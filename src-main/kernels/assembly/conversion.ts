import { Command, polynomialBytes } from './command'
import { centred, multiply } from './modular'
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

/** y = x·factor modulo the prime, centred. */
export function scaleCentred(target: usize, n: i32, factor: f64, prime: Prime): void {
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  const half = f64x2.splat(prime.half)
  const w = f64x2.splat(factor)
  const quotient = f64x2.splat(factor / prime.p)
  for (let at = target; at < target + (<usize>n << 3); at += 16) {
    v128.store(at, centred(multiply(v128.load(at), w, quotient, p, round), p, half))
  }
}

/** Σ y·constant over `count` polynomials of parts, not reduced: |x| ≤ count·0.57p. */
export function convert(target: usize, parts: usize, count: i32, constants: usize, command: Command, prime: Prime): void {
  const poly = polynomialBytes(command)
  for (let at: usize = 0; at < poly; at += BLOCK_BYTES) {
    addParts(target + at, parts + at, poly, count, constants, prime, false)
  }
}

/** x modulo P, centred, from its parts: Σ y·(P/s) − v·P, where v is Σ y/s rounded. |x| ≤ (special primes + 1)·0.57p. */
export function convertSpecial(target: usize, parts: usize, command: Command, index: i32, prime: Prime, inverses: usize): void {
  const poly = polynomialBytes(command)
  const count = command.specialPrimes
  const constants = divisorConstants(command, index)
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  const minusP = load<f64>(constants, 8)
  const w = f64x2.splat(minusP)
  const quotient = f64x2.splat(minusP / prime.p)
  for (let at: usize = 0; at < poly; at += BLOCK_BYTES) {
    for (let offset = at; offset < at + BLOCK_BYTES; offset += 16) {
      // Sums and products that are each rounded by themselves: the same bits in either build.
      let share = f64x2.mul(v128.load(parts + offset), v128.load_splat<f64>(inverses))
      for (let i = 1; i < count; i++) {
        const part = v128.load(parts + <usize>i * poly + offset)
        share = f64x2.add(share, f64x2.mul(part, v128.load_splat<f64>(inverses + (<usize>i << 3))))
      }
      const whole = f64x2.sub(f64x2.add(share, round), round)
      v128.store(target + offset, multiply(whole, w, quotient, p, round))
    }
    addParts(target + at, parts + at, poly, count, constants + 16, prime, true)
  }
}

/** A block's Σ part·constant, on top of what is there or not. */
@inline
function addParts(target: usize, parts: usize, poly: usize, count: i32, constants: usize, prime: Prime, onTop: bool): void {
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  for (let i = 0; i < count; i++) {
    const factor = load<f64>(constants + (<usize>i << 3))
    const w = f64x2.splat(factor)
    const quotient = f64x2.splat(factor / prime.p)
    const source = parts + <usize>i * poly
    const adds = onTop || i > 0
    for (let offset: usize = 0; offset < BLOCK_BYTES; offset += 16) {
      const product = multiply(v128.load(source + offset), w, quotient, p, round)
      v128.store(target + offset, adds ? f64x2.add(v128.load(target + offset), product) : product)
    }
  }
}
