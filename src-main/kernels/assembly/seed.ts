import { BUFFER_AT, BUFFER_BYTES, BUFFER_SHIFT, fillBuffer, SEED_BYTES } from './blake2xb'
import { Command, keyPrimeAt, polynomialBytes, primeAt } from './command'
import { Prime } from './prime'

/**
 * Expansion of packed ciphertexts: a 64-byte seed for the second part, then the first part's residues, prime by
 * prime, residue i in bits i·b … i·b + b − 1 for a prime of b bits. The second part is SEAL's: u64 words of
 * BLAKE2xb(key: seed, input: buffer number), 4096 bytes a buffer, reduced modulo each prime; a word so high that
 * reduction would be uneven is drawn anew, in order, after all the others.
 */
/** Stands for a word to be drawn anew. */
const UNDRAWN: f64 = -1

/** `other` counts residues that are not below their prime, and words to be drawn anew. Task: prime. */
export function expand(command: Command, task: i32, scratch: usize): void {
  const poly = polynomialBytes(command)
  const prime = chainPrime(command, task)
  let packed = command.source + SEED_BYTES
  for (let i = 0; i < task; i++) packed += packedBytes(command.n, chainPrime(command, i))
  const target = command.target + <usize>task * poly
  const wrong = unpack(target, packed, command.n, prime)
  if (wrong) atomic.add<i32>(command.other, 1)
  const uniform = target + <usize>command.primes * poly
  const p = <u64>prime.p
  let undrawn = 0
  for (let at: usize = 0; at < poly; at += BUFFER_BYTES) {
    fillBuffer(scratch, command.source, (<usize>task * poly + at) >> BUFFER_SHIFT)
    if (p < LEAST_FAST_PRIME || !reduceBuffer(uniform + at, scratch + BUFFER_AT, p)) {
      undrawn += reduceEach(uniform + at, scratch + BUFFER_AT, p)
    }
  }
  if (undrawn !== 0) atomic.add<i32>(command.other + 4, undrawn)
}

/** Words modulo a prime, one after the other; returns how many have to be drawn anew. */
function reduceEach(target: usize, buffer: usize, p: u64): i32 {
  const limit = drawLimit(p)
  let undrawn = 0
  for (let offset: usize = 0; offset < BUFFER_BYTES; offset += 8) {
    const word = load<u64>(buffer + offset)
    if (word >= limit) undrawn += 1
    store<f64>(target + offset, word < limit ? <f64>(word % p) : UNDRAWN)
  }
  return undrawn
}

/** Quotients of words have at most 44 bits. */
const LEAST_FAST_PRIME: u64 = 1 << 20
/** 2⁵², and 1.5 · 2⁵²: added to a small integer's bits, they make it an f64 that large. */
const TWO_52: f64 = 4503599627370496
const TWO_52_BITS: u64 = 0x4330000000000000
const CENTRE: f64 = 6755399441055744
const CENTRE_BITS: u64 = 0x4338000000000000
const SIGN: u64 = 0x8000000000000000

/** The same two at a time, by quotients in f64 (docs/kernels.md); false where a word has to be drawn anew. */
function reduceBuffer(target: usize, buffer: usize, p: u64): bool {
  const limit = v128.splat<u64>(drawLimit(p) ^ SIGN)
  const modulus = v128.splat<u64>(p)
  const prime = v128.splat<f64>(<f64>p)
  const inverse = v128.splat<f64>(1 / <f64>p)
  let undrawn = v128.splat<u64>(0)
  for (let offset: usize = 0; offset < BUFFER_BYTES; offset += 16) {
    const words = v128.load(buffer + offset)
    undrawn = v128.or(undrawn, i64x2.ge_s(v128.xor(words, v128.splat<u64>(SIGN)), limit))
    const high = asF64(i64x2.shr_u(words, 32))
    const low = asF64(v128.and(words, v128.splat<u64>(0xffffffff)))
    const value = f64x2.add(f64x2.mul(high, v128.splat<f64>(4294967296)), low)
    const quotient = f64x2.nearest(f64x2.mul(value, inverse))
    const whole = v128.xor(f64x2.add(quotient, v128.splat<f64>(TWO_52)), v128.splat<u64>(TWO_52_BITS))
    const rest = i64x2.sub(words, i64x2.mul(whole, modulus))
    const centred = f64x2.sub(i64x2.add(rest, v128.splat<u64>(CENTRE_BITS)), v128.splat<f64>(CENTRE))
    const negative = f64x2.lt(centred, v128.splat<f64>(0))
    v128.store(target + offset, f64x2.add(centred, v128.and(negative, prime)))
  }
  return !v128.any_true(undrawn)
}

/** Of integers under 2⁵². */
@inline
function asF64(integers: v128): v128 {
  return f64x2.sub(v128.or(integers, v128.splat<u64>(TWO_52_BITS)), v128.splat<f64>(TWO_52))
}

/** Draws the missing words. One task. */
export function redraw(command: Command, task: i32, scratch: usize): void {
  if (load<i32>(command.other, 4) === 0) return
  const poly = polynomialBytes(command)
  let number = (<usize>command.primes * poly) >> BUFFER_SHIFT
  let left: usize = 0
  for (let i = 0; i < command.primes; i++) {
    const p = <u64>chainPrime(command, i).p
    const limit = drawLimit(p)
    const uniform = command.target + <usize>(command.primes + i) * poly
    for (let at = uniform; at < uniform + poly; at += 8) {
      if (load<f64>(at) !== UNDRAWN) continue
      let word = limit
      while (word >= limit) {
        if (left === 0) {
          fillBuffer(scratch, command.source, number++)
          left = BUFFER_BYTES
        }
        word = load<u64>(scratch + BUFFER_AT + BUFFER_BYTES - left)
        left -= 8
      }
      store<f64>(at, <f64>(word % p))
    }
  }
}

/** In a key's chain (`digits` not 0) the special primes come last. */
@inline
function chainPrime(command: Command, index: i32): Prime {
  return command.digits !== 0 ? keyPrimeAt(command, index, command.primes) : primeAt(command, index)
}

@inline
function bitsOf(prime: Prime): i32 {
  return 64 - <i32>clz(<u64>prime.p)
}

@inline
function packedBytes(n: i32, prime: Prime): usize {
  return (<usize>n * bitsOf(prime)) >> 3
}

@inline
function drawLimit(p: u64): u64 {
  return u64.MAX_VALUE - (u64.MAX_VALUE % p) - 1
}

function unpack(target: usize, packed: usize, n: i32, prime: Prime): bool {
  const bits = <usize>bitsOf(prime)
  const mask = (<u64>1 << bits) - 1
  const p = <u64>prime.p
  let wrong = false
  let bit: usize = 0
  for (let at = target; at < target + (<usize>n << 3); at += 8, bit += bits) {
    const word = (load<u64>(packed + (bit >> 3)) >> (bit & 7)) & mask
    wrong = wrong || word >= p
    store<f64>(at, <f64>word)
  }
  return wrong
}
