import { convert, convertRemainder, digitConstants, digitFactor, divisorConstants, toMixedRadix } from './conversion'
import { Command, polynomialBytes, primeAt, specialAt, tableOf } from './command'
import { areRestsSmall, divideBlock } from './divide'
import { multiplyOne, smallest } from './modular'
import { keyOffset } from './packed'
import { Prime } from './prime'
import { ACCUMULATOR_BYTES, BLOCK_BYTES, storeSum, sumProducts } from './sum'
import { backward } from './backward'
import { forward } from './forward'

/**
 * Switches the source's last part to the main key: `parts` other parts are added to the result. A digit is the part modulo
 * `digitPrimes` primes; all keys of a command have one form. The table has one entry per key, so that several rotations
 * share the digits. Memory shared by all threads (`other`), in polynomials: the digits' parts, a prime each; the digits
 * modulo each special prime; the remainders modulo these, then their digits to the mixed radix, for each key and part.
 */
@unmanaged
class KeyEntry {
  /** Packed, [digit][part][prime], special primes last; a rotation's key is permuted by its inverse. */
  key: usize
  dataPrimes: i32
  /** u32 indices: where each coefficient of the result goes; 0 for none. */
  permutation: usize
  target: usize
}

const KEY_ENTRY_BYTES: usize = 16
/** At the head of scratch: accumulators, address pairs of 64 digits. */
const HEAD_BYTES: usize = ACCUMULATOR_BYTES + (64 << 3)
/** Slices that the coefficients of one remainder are cut into. */
const SLICES: i32 = 4
/** Digits in [0, q); a positive value is the Galois element whose sign changes SEAL applies before. */
const DIGITS_CENTRED: i32 = -1

@inline
function digitCount(command: Command): i32 {
  return (command.primes + command.digitPrimes - 1) / command.digitPrimes
}

/** Primes of a digit; the last one may have fewer. */
@inline
function digitLength(command: Command, digit: i32): i32 {
  return min(command.digitPrimes, command.primes - digit * command.digitPrimes)
}

/** The part of a digit. Task: prime. */
export function decompose(command: Command, task: i32, scratch: usize): void {
  const poly = polynomialBytes(command)
  const part = command.other + <usize>task * poly
  const source = command.source + <usize>(command.parts * command.primes + task) * poly
  const prime = primeAt(command, task)
  const factor = digitLength(command, task / command.digitPrimes) > 1 ? digitFactor(command, task) : 1
  backward(part, source, command.n, prime, command.digits === DIGITS_CENTRED, factor)
  if (command.digits > 0) changeSigns(part, command.n, command.digits, prime.p)
}

/** Digits modulo the special primes. Task: digit·specialPrimes + special. */
export function raise(command: Command, task: i32, scratch: usize): void {
  const special = task % command.specialPrimes
  const target = command.other + <usize>(command.primes + task) * polynomialBytes(command)
  const prime = specialAt(command, special)
  raiseDigit(target, command, task / command.specialPrimes, command.primes + special, prime)
}

/** A digit, transformed, modulo a prime that is not its own. */
function raiseDigit(target: usize, command: Command, digit: i32, index: i32, prime: Prime): void {
  const first = digit * command.digitPrimes
  const length = digitLength(command, digit)
  const parts = command.other + <usize>first * polynomialBytes(command)
  if (length === 1) return forward(target, parts, command.n, prime)
  convert(target, parts, length, digitConstants(command, index) + (<usize>first << 3), command, prime)
  forward(target, target, command.n, prime)
}

/** x → x − p wherever X → X^element negates the coefficient: SEAL's digits of the rotated polynomial, rotated back. */
function changeSigns(digit: usize, n: i32, element: i32, p: f64): void {
  let power = 0
  for (let at = digit; at < digit + (<usize>n << 3); at += 8) {
    const x = load<f64>(at)
    if ((power & n) !== 0 && x !== 0) store<f64>(at, x - p)
    power += element
  }
}

/** The sum modulo a special prime, centred. Task: (2·key + part)·specialPrimes + special. */
export function specialSum(command: Command, task: i32, scratch: usize): void {
  const poly = polynomialBytes(command)
  const count = command.specialPrimes
  const special = task % count
  const sum = task / count
  const entry = changetype<KeyEntry>(tableOf(command) + <usize>(sum >> 1) * KEY_ENTRY_BYTES)
  const prime = specialAt(command, special)
  const pairs = scratch + ACCUMULATOR_BYTES
  const chain = entry.dataPrimes + count
  const partBytes = keyOffset(command, chain, chain)
  const key = entry.key + <usize>(sum & 1) * partBytes + keyOffset(command, entry.dataPrimes + special, chain)
  const digits = digitCount(command)
  for (let j = 0; j < digits; j++) {
    const digit = command.other + <usize>(command.primes + j * count + special) * poly
    writePair(pairs, j, digit, key + <usize>(2 * j) * partBytes)
  }
  const target = remainderAt(command, sum) + <usize>special * poly
  for (let at: usize = 0; at < poly; at += BLOCK_BYTES) {
    sumProducts(scratch, pairs, digits, at, packedAt(at, prime), prime.width, prime)
    storeSum(target + at, scratch, prime, false)
  }
  backward(target, target, command.n, prime, true, 1)
}

/** The sums modulo several special primes to the remainder's digits. Task: SLICES·(2·key + part) + slice. */
export function mixRadix(command: Command, task: i32, scratch: usize): void {
  const length = polynomialBytes(command) / SLICES
  toMixedRadix(remainderAt(command, task / SLICES) + <usize>(task % SLICES) * length, length, command)
}

/** The remainder modulo the special primes of sum 2·key + part. */
@inline
function remainderAt(command: Command, sum: i32): usize {
  const before = command.primes + (digitCount(command) + sum) * command.specialPrimes
  return command.other + <usize>before * polynomialBytes(command)
}

/** All keys' results modulo one prime. Task: prime. */
export function applyKeys(command: Command, task: i32, scratch: usize): void {
  const poly = polynomialBytes(command)
  const prime = primeAt(command, task)
  const count = command.specialPrimes
  const digits = digitCount(command)
  const pairs = scratch + ACCUMULATOR_BYTES
  const remainder = scratch + HEAD_BYTES
  const raised = remainder + poly
  const own = task / command.digitPrimes
  const switched = command.source + <usize>(command.parts * command.primes + task) * poly
  const divisorInverse = load<f64>(divisorConstants(command, task))
  const areSmall = areRestsSmall(digits, prime)
  const dividedUnit = smallest(multiplyOne(prime.sumUnit, divisorInverse, prime.p), prime.p) * prime.sumScale
  for (let j = 0; j < digits; j++) {
    if (j !== own) raiseDigit(raised + <usize>j * poly, command, j, task, prime)
  }
  for (let k = 0; k < command.count; k++) {
    const entry = changetype<KeyEntry>(tableOf(command) + <usize>k * KEY_ENTRY_BYTES)
    const chain = entry.dataPrimes + count
    const partBytes = keyOffset(command, chain, chain)
    for (let part = 0; part < 2; part++) {
      const key = entry.key + <usize>part * partBytes + keyOffset(command, task, chain)
      for (let j = 0; j < digits; j++) {
        const digit = j === own ? switched : raised + <usize>j * poly
        writePair(pairs, j, digit, key + <usize>(2 * j) * partBytes)
      }
      const mixed = remainderAt(command, 2 * k + part)
      if (count > 1) convertRemainder(remainder, mixed, command, task, prime)
      forward(remainder, count > 1 ? remainder : mixed, command.n, prime)
      const offset = <usize>(part * command.primes + task) * poly
      const added = part < command.parts ? command.source + offset : 0
      for (let at: usize = 0; at < poly; at += BLOCK_BYTES) {
        sumProducts(scratch, pairs, digits, at, packedAt(at, prime), prime.width, prime)
        const taken = remainder + at
        const other = added !== 0 ? added + at : 0
        const target = entry.target + offset
        divideBlock(target, entry.permutation, at, scratch, taken, other, divisorInverse, dividedUnit, areSmall, prime)
      }
    }
  }
}

/** Where the coefficients at byte `at` of a polynomial are in a packed one. */
@inline
function packedAt(at: usize, prime: Prime): usize {
  return (at >> 3) * <usize>prime.width
}

@inline
function writePair(pairs: usize, index: i32, a: usize, b: usize): void {
  const at = pairs + (<usize>index << 3)
  store<u32>(at, <u32>a)
  store<u32>(at, <u32>b, 4)
}
