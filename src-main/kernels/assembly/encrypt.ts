import { Command, polynomialBytes, primeAt } from './command'
import { encodeSlots } from './encode'
import { canonical, centred, multiply, multiplyOne, reduce } from './modular'
import { Prime } from './prime'
import { fillStream } from './stream'
import { backward } from './backward'
import { forward } from './forward'

/**
 * Public-key encryption from a key, as SEAL does it: an encryption of zero over one prime more, the divisor, which is
 * divided out; then the message is added. docs/kernels.md says how numbers are drawn.
 */

/** At the head of `other`; polynomials of n coefficients follow: message, u, and the errors of both parts. */
@unmanaged
class Work {
  /** What a slot value is multiplied by, scale and size of the transform together. */
  factor: f64
  /** Largest coefficient of the message. */
  largest: f64
}

const KEY_AT: usize = 16
const POLYNOMIALS_AT: usize = 64
const MESSAGE: usize = 0
const MASK: usize = 1
const ERRORS: usize = 2

const CHUNK_BYTES: usize = 2048
/** One byte gives five digits to base 3; larger ones are passed over. */
const TERNARY_LIMIT: u32 = 243
/** The low 21 bits of both halves of a word: their counts are the two sides of a centred binomial number. */
const BINOMIAL_BITS: u64 = 0x001fffff001fffff
/** Beyond it a message is reduced before anything else. */
const MAX_DIRECT: f64 = 1125899906842624

@inline
function polynomialAt(command: Command, index: usize): usize {
  return command.other + POLYNOMIALS_AT + index * polynomialBytes(command)
}

/** Encodes the message; draws u and both errors. `source` is the encoder's tables. Task: 0 encodes, others draw. */
export function prepare(command: Command, task: i32, scratch: usize): void {
  const target = polynomialAt(command, <usize>task)
  const key = command.other + KEY_AT
  if (task === MESSAGE) {
    const work = changetype<Work>(command.other)
    work.largest = encodeSlots(target, command.source, command.n, work.factor, scratch)
  } else if (task === MASK) {
    drawTernary(target, command.n, key, scratch)
  } else {
    drawBinomial(target, command.n, key, <u32>task, scratch)
  }
}

function drawTernary(target: usize, n: i32, key: usize, scratch: usize): void {
  let counter: u32 = 0
  let left: usize = 0
  for (let i = 0; i < n; ) {
    if (left === 0) {
      fillStream(scratch, CHUNK_BYTES, key, <u32>MASK, counter)
      counter += <u32>(CHUNK_BYTES >> 6)
      left = CHUNK_BYTES
    }
    let byte: u32 = load<u8>(scratch + CHUNK_BYTES - left)
    left -= 1
    if (byte >= TERNARY_LIMIT) continue
    for (let digit = 0; digit < 5 && i < n; digit++, i++) {
      store<f64>(target + (<usize>i << 3), <f64>(<i32>(byte % 3) - 1))
      byte /= 3
    }
  }
}

/** Differences of two counts among 21 random bits, one for each word of the stream. */
function drawBinomial(target: usize, n: i32, key: usize, polynomial: u32, scratch: usize): void {
  const mask = i64x2.splat(BINOMIAL_BITS)
  const bytes = <usize>n << 3
  for (let from: usize = 0; from < bytes; from += CHUNK_BYTES) {
    fillStream(scratch, CHUNK_BYTES, key, polynomial, <u32>(from >> 6))
    for (let at: usize = 0; at < CHUNK_BYTES; at += 16) {
      const bits = i8x16.popcnt(v128.and(v128.load(scratch + at), mask))
      const counts = i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(bits))
      const left = i32x4.shuffle(counts, counts, 0, 2, 0, 2)
      const right = i32x4.shuffle(counts, counts, 1, 3, 1, 3)
      v128.store(target + from + at, f64x2.convert_low_i32x4_s(i32x4.sub(left, right)))
    }
  }
}

/**
 * The error of a part less the centred remainder of u·key + error by the divisor, prime number `count`. `source` is the
 * public key: [part][prime of the whole chain], centred. Task: part.
 */
export function takeRemainder(command: Command, task: i32, scratch: usize): void {
  const poly = polynomialBytes(command)
  const prime = primeAt(command, command.count)
  const p = f64x2.splat(prime.p)
  const inverse = f64x2.splat(prime.inverse)
  const round = f64x2.splat(prime.round)
  const key = keyAt(command, task, command.count)
  forward(scratch, polynomialAt(command, MASK), command.n, prime)
  for (let at: usize = 0; at < poly; at += 16) {
    const w = v128.load(key + at)
    const masked = multiply(v128.load(scratch + at), w, f64x2.mul(w, inverse), p, round)
    v128.store(scratch + at, canonical(masked, p, inverse, round))
  }
  backward(scratch, scratch, command.n, prime, false, 1)
  const errors = polynomialAt(command, ERRORS + <usize>task)
  for (let at: usize = 0; at < poly; at += 16) {
    const error = v128.load(errors + at)
    const remainder = centred(reduce(f64x2.add(v128.load(scratch + at), error), p, inverse, round), p, inverse, round)
    v128.store(errors + at, f64x2.sub(error, remainder))
  }
}

/** Both parts modulo a prime: (u·key + error − remainder) / divisor, the first with the message. Task: prime. */
export function encrypt(command: Command, task: i32, scratch: usize): void {
  const poly = polynomialBytes(command)
  const prime = primeAt(command, task)
  const divisor = primeAt(command, command.count).p
  const mask = scratch
  const rest = scratch + poly
  forward(mask, polynomialAt(command, MASK), command.n, prime)
  addMessage(rest, command, divisor, prime)
  forward(rest, rest, command.n, prime)
  const target = command.target + <usize>task * poly
  storePart(target, mask, rest, keyAt(command, 0, task), command, prime)
  forward(rest, polynomialAt(command, ERRORS + 1), command.n, prime)
  storePart(target + <usize>command.primes * poly, mask, rest, keyAt(command, 1, task), command, prime)
}

/** The message alone, as an encoded plaintext. Task: prime. */
export function embed(command: Command, task: i32, scratch: usize): void {
  const poly = polynomialBytes(command)
  const prime = primeAt(command, task)
  const p = f64x2.splat(prime.p)
  const inverse = f64x2.splat(prime.inverse)
  const round = f64x2.splat(prime.round)
  const target = command.target + <usize>task * poly
  let message = polynomialAt(command, MESSAGE)
  if (changetype<Work>(command.other).largest >= MAX_DIRECT) {
    reduceMessage(scratch, message, command.n, prime.p)
    message = scratch
  }
  forward(target, message, command.n, prime)
  for (let at = target; at < target + poly; at += 16) v128.store(at, canonical(v128.load(at), p, inverse, round))
}

/** Where the public key's residues modulo a prime are. */
@inline
function keyAt(command: Command, part: i32, prime: i32): usize {
  return command.source + <usize>(part * (command.special + 1) + prime) * polynomialBytes(command)
}

/** message × divisor + what `takeRemainder` left of the first part. */
function addMessage(target: usize, command: Command, divisor: f64, prime: Prime): void {
  const poly = polynomialBytes(command)
  const factor = divisor - nearest(divisor / prime.p) * prime.p
  const w = f64x2.splat(factor)
  const quotient = f64x2.splat(factor / prime.p)
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  const errors = polynomialAt(command, ERRORS)
  let message = polynomialAt(command, MESSAGE)
  if (changetype<Work>(command.other).largest >= MAX_DIRECT) {
    reduceMessage(target, message, command.n, prime.p)
    message = target
  }
  for (let at: usize = 0; at < poly; at += 16) {
    const scaled = multiply(v128.load(message + at), w, quotient, p, round)
    v128.store(target + at, f64x2.add(scaled, v128.load(errors + at)))
  }
}

function storePart(target: usize, mask: usize, rest: usize, key: usize, command: Command, prime: Prime): void {
  const p = f64x2.splat(prime.p)
  const inverse = f64x2.splat(prime.inverse)
  const round = f64x2.splat(prime.round)
  const factor = load<f64>(prime.primeInverses + (<usize>command.count << 3))
  const f = f64x2.splat(factor)
  const quotient = f64x2.splat(factor / prime.p)
  for (let at: usize = 0; at < polynomialBytes(command); at += 16) {
    const w = v128.load(key + at)
    const masked = multiply(v128.load(mask + at), w, f64x2.mul(w, inverse), p, round)
    const sum = f64x2.add(masked, v128.load(rest + at))
    v128.store(target + at, canonical(multiply(sum, f, quotient, p, round), p, inverse, round))
  }
}

/** Integers of any size modulo p, in (−p, p). */
function reduceMessage(target: usize, source: usize, n: i32, p: f64): void {
  for (let offset: usize = 0; offset < <usize>n << 3; offset += 8) {
    const x = load<f64>(source + offset)
    const bits = reinterpret<u64>(x)
    // x = mantissa · 2^exponent.
    let exponent = <i32>((bits >> 52) & 0x7ff) - 1075
    if (exponent <= 0) {
      store<f64>(target + offset, <f64>(<i64>x % <i64>p))
      continue
    }
    const mantissa = (bits & 0x000fffffffffffff) | 0x0010000000000000
    let residue = <f64>(mantissa % <u64>p)
    while (exponent > 0) {
      const step = min(exponent, 40)
      residue = multiplyOne(residue, <f64>((<u64>1 << step) % <u64>p), p)
      exponent -= step
    }
    store<f64>(target + offset, x < 0 ? -residue : residue)
  }
}
