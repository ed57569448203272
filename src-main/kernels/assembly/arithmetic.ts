import { Command, polynomialBytes, primeAt, tableOf } from './command'
import { canonical, multiply } from './modular'
import { packedOffset, unpackPolynomial } from './packed'
import { Prime } from './prime'
import { BLOCK_BYTES, storeSum, sumProducts, UNPACKED } from './sum'
import { PIECE_BYTES, squareBlock, tensorPiece } from './tensor'
import { backward } from './backward'
import { forward } from './forward'

/** Slices that the coefficients of one prime are cut into. */
const SLICES: i32 = 4

/**
 * target = Σ value × weight over the table's pairs of addresses. Ciphertext values (parts 2) give three
 * parts, plain ones (parts 1) two; weights may be packed. A ciphertext times one that is not packed is a square.
 * Task: SLICES·prime + slice.
 */
export function productSum(command: Command, task: i32, scratch: usize): void {
  const index = task / SLICES
  const prime = primeAt(command, index)
  const poly = polynomialBytes(command)
  const part = <usize>command.primes * poly
  const packed = command.packed !== 0
  const width = packed ? prime.width : UNPACKED
  const bStart = packed ? packedOffset(command, index) : <usize>index * poly
  const bPart = packed ? packedOffset(command, command.primes) : part
  const length = max<usize>(poly / SLICES, BLOCK_BYTES)
  const start = <usize>index * poly
  const first = <usize>(task % SLICES) * length
  const last = min<usize>(first + length, poly)
  const table = tableOf(command)
  const count = command.count
  const tensor = command.parts === 2
  const step = tensor && packed ? PIECE_BYTES : BLOCK_BYTES
  for (let offset = first; offset < last; offset += step) {
    const a = start + offset
    const b = bStart + (offset >> 3) * <usize>width
    if (!tensor) plainBlock(command, scratch, a, part, b, bPart, width, prime)
    else if (packed) tensorPiece(command.target + a, part, scratch, table, count, a, part, b, bPart, prime)
    else squareBlock(command.target + a, <usize>load<u32>(table) + a, part, prime)
  }
}

/** Both parts of a block of a sum of plain values; the next part of a factor is bPart bytes on. */
function plainBlock(command: Command, block: usize, a: usize, part: usize, b: usize, bPart: usize, width: i32, prime: Prime): void {
  const target = command.target + a
  for (let other: usize = 0; other < 2; other++) {
    sumProducts(block, tableOf(command), command.count, a, b + other * bPart, width, prime)
    storeSum(target + other * part, block, prime, true)
  }
}

/** target = source + other; a part that only one of them has is copied. Task: part·primes + prime. */
export function add(command: Command, task: i32, scratch: usize): void {
  const poly = polynomialBytes(command)
  const part = task / command.primes
  const index = task % command.primes
  const at = <usize>task * poly
  const target = command.target + at
  if (part >= command.otherParts) return memory.copy(target, command.source + at, poly)
  let other = command.other + at
  if (command.packed !== 0) {
    other = command.other + <usize>part * packedOffset(command, command.primes) + packedOffset(command, index)
    unpackPolynomial(target, other, command.n, primeAt(command, index))
    other = target
  }
  if (part >= command.parts) return memory.copy(target, other, poly)
  const p = f64x2.splat(primeAt(command, index).p)
  for (let offset: usize = 0; offset < poly; offset += 16) {
    const sum = f64x2.add(v128.load(command.source + at + offset), v128.load(other + offset))
    v128.store(target + offset, f64x2.sub(sum, v128.and(p, f64x2.ge(sum, p))))
  }
}

/** Keeps the first `count` primes of the source. Task: part·count + prime. */
export function dropPrimes(command: Command, task: i32, scratch: usize): void {
  const poly = polynomialBytes(command)
  const source = (task / command.count) * command.primes + (task % command.count)
  memory.copy(command.target + <usize>task * poly, command.source + <usize>source * poly, poly)
}

/** First half of rescaling: the last prime's centred remainders, into `other`. Task: part. */
export function lastRemainder(command: Command, task: i32, scratch: usize): void {
  const poly = polynomialBytes(command)
  const last = command.primes - 1
  const source = command.source + <usize>(task * command.primes + last) * poly
  backward(command.other + <usize>task * poly, source, command.n, primeAt(command, last), true, 1)
}

/** Second half: target = (source − remainder) / last prime. Task: part·(primes − 1) + prime. */
export function divideByLast(command: Command, task: i32, scratch: usize): void {
  const poly = polynomialBytes(command)
  const last = command.primes - 1
  const part = task / last
  const index = task % last
  const prime = primeAt(command, index)
  forward(scratch, command.other + <usize>part * poly, command.n, prime)
  const source = command.source + <usize>(part * command.primes + index) * poly
  const target = command.target + <usize>task * poly
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  const inverse = f64x2.splat(prime.inverse)
  const factor = load<f64>(prime.primeInverses + ((<usize>last) << 3))
  const w = f64x2.splat(factor)
  const quotient = f64x2.splat(factor / prime.p)
  for (let offset: usize = 0; offset < poly; offset += 16) {
    const difference = f64x2.sub(v128.load(source + offset), v128.load(scratch + offset))
    v128.store(target + offset, canonical(multiply(difference, w, quotient, p, round), p, inverse, round))
  }
}
