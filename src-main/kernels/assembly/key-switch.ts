import { Command, polynomialBytes, primeAt, tableOf } from './command'
import { canonical, multiply } from './modular'
import { keyOffset } from './packed'
import { Prime } from './prime'
import { ACCUMULATOR_BYTES, addProducts, BLOCK_BYTES, startSum, storeSum, sumAt } from './sum'
import { backward, forward } from './transform'

/**
 * Switches the source's last part to the main key: `parts` other parts are added to the result. The table has
 * one entry per key, so that several rotations share the digits. Memory shared by all threads (`other`), in
 * polynomials: the digits' coefficients, the digits modulo the special prime, two remainders per key.
 */
@unmanaged
class KeyEntry {
  /** Packed, [digit][part][prime], the special prime last; a rotation's key is permuted by its inverse. */
  key: usize
  keyPrimes: i32
  /** u32 indices: where each coefficient of the result goes; 0 for none. */
  permutation: usize
  target: usize
}

const KEY_ENTRY_BYTES: usize = 16
/** Digits in [0, q); a positive value is the Galois element whose sign changes SEAL applies before. */
const DIGITS_CENTRED: i32 = -1

/** Task: digit. */
export function decompose(command: Command, task: i32, scratch: usize): void {
  const poly = polynomialBytes(command)
  const digit = command.other + <usize>task * poly
  const source = command.source + <usize>(command.parts * command.primes + task) * poly
  const prime = primeAt(command, task)
  backward(digit, source, command.n, prime, command.digits === DIGITS_CENTRED)
  if (command.digits > 0) changeSigns(digit, command.n, command.digits, prime.p)
  const special = command.other + <usize>(command.primes + task) * poly
  forward(special, digit, command.n, primeAt(command, command.special))
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

/** The sum modulo the special prime, as centred coefficients. Task: 2·key + part. */
export function specialSum(command: Command, task: i32, scratch: usize): void {
  const poly = polynomialBytes(command)
  const entry = changetype<KeyEntry>(tableOf(command) + <usize>(task >> 1) * KEY_ENTRY_BYTES)
  const prime = primeAt(command, command.special)
  const pairs = scratch + ACCUMULATOR_BYTES
  const partBytes = keyOffset(command, entry.keyPrimes, entry.keyPrimes)
  const key = entry.key + <usize>(task & 1) * partBytes + keyOffset(command, entry.keyPrimes - 1, entry.keyPrimes)
  for (let j = 0; j < command.primes; j++) {
    const digit = command.other + <usize>(command.primes + j) * poly
    writePair(pairs, j, digit, key + <usize>(2 * j) * partBytes)
  }
  const target = command.other + <usize>(2 * command.primes + task) * poly
  for (let at: usize = 0; at < poly; at += BLOCK_BYTES) {
    startSum(scratch, prime)
    addProducts(scratch, pairs, command.primes, at, packedAt(at, prime), prime.width, prime, 0)
    storeSum(target + at, scratch, prime)
  }
  backward(target, target, command.n, prime, true)
}

/** All keys' results modulo one prime. Task: prime. */
export function applyKeys(command: Command, task: i32, scratch: usize): void {
  const poly = polynomialBytes(command)
  const prime = primeAt(command, task)
  const pairs = scratch + ACCUMULATOR_BYTES
  const remainder = pairs + (<usize>command.primes << 4)
  const digits = remainder + poly
  const switched = command.source + <usize>(command.parts * command.primes + task) * poly
  for (let j = 0; j < command.primes; j++) {
    if (j !== task) forward(digits + <usize>j * poly, command.other + <usize>j * poly, command.n, prime)
  }
  for (let k = 0; k < command.count; k++) {
    const entry = changetype<KeyEntry>(tableOf(command) + <usize>k * KEY_ENTRY_BYTES)
    const partBytes = keyOffset(command, entry.keyPrimes, entry.keyPrimes)
    for (let part = 0; part < 2; part++) {
      const key = entry.key + <usize>part * partBytes + keyOffset(command, task, entry.keyPrimes)
      for (let j = 0; j < command.primes; j++) {
        const digit = j === task ? switched : digits + <usize>j * poly
        writePair(pairs, j, digit, key + <usize>(2 * j) * partBytes)
      }
      forward(remainder, command.other + <usize>(2 * command.primes + 2 * k + part) * poly, command.n, prime)
      const offset = <usize>(part * command.primes + task) * poly
      const added = part < command.parts ? command.source + offset : 0
      for (let at: usize = 0; at < poly; at += BLOCK_BYTES) {
        startSum(scratch, prime)
        addProducts(scratch, pairs, command.primes, at, packedAt(at, prime), prime.width, prime, 0)
        divideBySpecial(scratch, remainder + at, command.special, prime)
        const sum = scratch + BLOCK_BYTES
        if (added !== 0) addBlock(sum, added + at)
        if (entry.permutation === 0) storeBlock(entry.target + offset + at, sum, prime)
        else scatterBlock(entry.target + offset, entry.permutation + (at >> 1), sum, prime)
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

/** Writes (sum − remainder) / special prime over the block's low half. */
function divideBySpecial(block: usize, remainder: usize, special: i32, prime: Prime): void {
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  const inverse = f64x2.splat(prime.inverse)
  const start = f64x2.splat(prime.sumStart)
  const scale = f64x2.splat(prime.sumScale)
  const unit = f64x2.splat(prime.sumUnit)
  const quotient = f64x2.splat(prime.sumUnit / prime.p)
  const specialInverse = load<f64>(prime.primeInverses + (<usize>special << 3))
  const w = f64x2.splat(specialInverse)
  const wQuotient = f64x2.splat(specialInverse / prime.p)
  for (let offset: usize = 0; offset < BLOCK_BYTES; offset += 16) {
    const sum = sumAt(block + offset, p, inverse, start, scale, unit, quotient, round)
    const difference = f64x2.sub(sum, v128.load(remainder + offset))
    v128.store(block + offset, multiply(difference, w, wQuotient, p, round), BLOCK_BYTES)
  }
}

function addBlock(block: usize, added: usize): void {
  for (let offset: usize = 0; offset < BLOCK_BYTES; offset += 16) {
    v128.store(block + offset, f64x2.add(v128.load(block + offset), v128.load(added + offset)))
  }
}

function storeBlock(target: usize, block: usize, prime: Prime): void {
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  const inverse = f64x2.splat(prime.inverse)
  for (let offset: usize = 0; offset < BLOCK_BYTES; offset += 16) {
    v128.store(target + offset, canonical(v128.load(block + offset), p, inverse, round))
  }
}

/** Puts coefficient i at permutation[i] of the target. */
function scatterBlock(target: usize, permutation: usize, block: usize, prime: Prime): void {
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  const inverse = f64x2.splat(prime.inverse)
  for (let offset: usize = 0; offset < BLOCK_BYTES; offset += 16) {
    const residue = canonical(v128.load(block + offset), p, inverse, round)
    const index = permutation + (offset >> 1)
    v128.store_lane<f64>(target + (<usize>load<u32>(index) << 3), residue, 0)
    v128.store_lane<f64>(target + (<usize>load<u32>(index, 4) << 3), residue, 1)
  }
}
