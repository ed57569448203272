import { Command, keyPrimeAt, polynomialBytes, primeAt } from './command'
import { Prime } from './prime'

/**
 * Weights and keys are stored packed: a residue takes the whole bytes that its prime needs, little-endian, so that
 * they fill less memory and less of its bandwidth. Sixteen bytes after the last are readable.
 */

/** The bits of 2^52: or-ing in an integer below 2^52 makes the f64 2^52 + integer. */
export const MAGIC: u64 = 0x4330000000000000

/** For `unpackPair`: the bytes of two residues to the low bytes of two lanes, zeros above. */
@inline
export function unpackMask(width: i32): v128 {
  const index = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7)
  const beyond = i8x16.ge_s(index, i8x16.splat(<i8>width))
  const second = v128.and(i8x16.splat(<i8>width), i64x2(0, -1))
  return v128.or(i8x16.add(index, second), beyond)
}

/** 2^52 in both lanes, from a prime's 1.5·2^52 in memory: an engine would make a constant anew at each use. */
@inline
export function unpackMagic(prime: Prime): v128 {
  return f64x2.splat(prime.round - 2251799813685248)
}

/** Two residues. */
@inline
export function unpackPair(at: usize, mask: v128, magic: v128): v128 {
  const bytes = v128.load(at)
  const residues = ASC_FEATURE_RELAXED_SIMD ? i8x16.relaxed_swizzle(bytes, mask) : i8x16.swizzle(bytes, mask)
  return f64x2.sub(v128.or(residues, magic), magic)
}

export function unpackPolynomial(target: usize, source: usize, n: i32, prime: Prime): void {
  const mask = unpackMask(prime.width)
  const magic = unpackMagic(prime)
  const step = <usize>prime.width << 1
  for (let i = 0; i < n; i += 2, target += 16, source += step) v128.store(target, unpackPair(source, mask, magic))
}

/** Where the residues of a prime begin in one part of a packed value over primes 0, 1, …. */
export function packedOffset(command: Command, index: i32): usize {
  let width = 0
  for (let i = 0; i < index; i++) width += primeAt(command, i).width
  return <usize>width * <usize>command.n
}

/** The same in a key's chain of `count` primes, its special ones last. */
export function keyOffset(command: Command, index: i32, count: i32): usize {
  let width = 0
  for (let i = 0; i < index; i++) width += keyPrimeAt(command, i, count).width
  return <usize>width * <usize>command.n
}

/**
 * Packs `count` of the source's primes: the first ones or, for a key's digit (`digits` not 0), the first ones and the
 * special ones. `other` permutes them unless it is 0. Task: part·count + prime.
 */
export function pack(command: Command, task: i32, scratch: usize): void {
  const poly = polynomialBytes(command)
  const count = command.count
  const part = task / count
  const index = task % count
  const isKey = command.digits !== 0
  const isSpecial = isKey && index >= count - command.specialPrimes
  const prime = isKey ? keyPrimeAt(command, index, count) : primeAt(command, index)
  const offset = isKey ? keyOffset(command, index, count) : packedOffset(command, index)
  const partBytes = isKey ? keyOffset(command, count, count) : packedOffset(command, count)
  const from = isSpecial ? command.primes - count + index : index
  const source = command.source + <usize>(part * command.primes + from) * poly
  packPolynomial(command.target + <usize>part * partBytes + offset, source, command.other, command.n, prime)
}

function packPolynomial(target: usize, source: usize, permutation: usize, n: i32, prime: Prime): void {
  const width = <usize>prime.width
  // A word's upper zeros are overwritten by the next residue; the last ones must not touch the next polynomial.
  const whole = n - 8
  for (let i = 0; i < n; i++, target += width) {
    const from = permutation !== 0 ? load<u32>(permutation + (<usize>i << 2)) : i
    const word = <u64>load<f64>(source + (<usize>from << 3))
    if (i < whole) store<u64>(target, word)
    else for (let byte: usize = 0; byte < width; byte++) store<u8>(target + byte, <u8>(word >> (byte << 3)))
  }
}
