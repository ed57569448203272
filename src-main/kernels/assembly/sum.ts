import { canonical, exactly, multiply, nearly, reduce } from './modular'
import { unpackMagic, unpackMask, unpackPair } from './packed'
import { Prime } from './prime'

/** Coefficients handled at a time, so that both accumulators stay in the first-level cache. */
export const BLOCK_BYTES: usize = 256 << 3
/** Bytes of a residue that is an f64. */
export const UNPACKED: i32 = 8
/** A block's high accumulators, then its low ones. */
export const ACCUMULATOR_BYTES: usize = 2 * BLOCK_BYTES

/** Opens a block's sum with nothing in it. */
function startSum(block: usize, prime: Prime): void {
  const start = f64x2.splat(prime.sumStart)
  const zero = f64x2.splat(0)
  for (let at = block; at < block + BLOCK_BYTES; at += 16) {
    v128.store(at, start)
    v128.store(at, zero, BLOCK_BYTES)
  }
}

/** Adds products to a block's sum that has just been opened. */
function addProducts(
  block: usize,
  table: usize,
  taps: i32,
  aOffset: usize,
  bOffset: usize,
  width: i32,
  prime: Prime,
): void {
  for (let first = 0; first < taps; first += prime.chunk) {
    if (first > 0) foldSums(block, 1, BLOCK_BYTES, prime)
    accumulate(block, table + (<usize>first << 3), min(taps - first, prime.chunk), aOffset, bOffset, width, prime)
  }
}

/** Folds what was added so far into the low halves of `count` sums of so many bytes, ready for more products. */
export function foldSums(sums: usize, count: i32, bytes: usize, prime: Prime): void {
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  const inverse = f64x2.splat(prime.inverse)
  const start = f64x2.splat(prime.sumStart)
  const unit = f64x2.splat(sumUnit(prime))
  const quotient = f64x2.splat(sumUnit(prime) / prime.p)
  for (let i = 0; i < count; i++, sums += 2 * bytes) {
    for (let at = sums; at < sums + bytes; at += 16) {
      const low = at + bytes
      v128.store(low, folded(v128.load(at), v128.load(low), p, inverse, start, unit, quotient, round))
      v128.store(at, start)
    }
  }
}

/** What a high accumulator, a multiple of 2^k, is multiplied by modulo p: (2^k mod p) / 2^k. */
@inline
export function sumUnit(prime: Prime): f64 {
  return prime.sumUnit * prime.sumScale
}

/** What two accumulators come to modulo p, |x| ≤ 1.5p + 2. */
@inline
export function folded(high: v128, low: v128, p: v128, inverse: v128, start: v128, unit: v128, quotient: v128, round: v128): v128 {
  return f64x2.add(multiply(f64x2.sub(high, start), unit, quotient, p, round), reduce(low, p, inverse, round))
}

/** Stores a block's sum modulo p: residues, or |x| ≤ 1.5p + 2. */
export function storeSum(target: usize, block: usize, prime: Prime, unique: bool): void {
  if (unique) storeSumWith(target, block, prime, true)
  else storeSumWith(target, block, prime, false)
}

@inline
function storeSumWith(target: usize, block: usize, prime: Prime, unique: bool): void {
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  const inverse = f64x2.splat(prime.inverse)
  const start = f64x2.splat(prime.sumStart)
  const unit = f64x2.splat(sumUnit(prime))
  const quotient = f64x2.splat(sumUnit(prime) / prime.p)
  for (let offset: usize = 0; offset < BLOCK_BYTES; offset += 16) {
    const at = block + offset
    const sum = folded(v128.load(at), v128.load(at, BLOCK_BYTES), p, inverse, start, unit, quotient, round)
    v128.store(target + offset, unique ? canonical(sum, p, inverse, round) : sum)
  }
}

/** The high accumulator takes each product rounded to a multiple of 2^k, the low one the exact rest. */
function accumulate(block: usize, table: usize, taps: i32, aOffset: usize, bOffset: usize, width: i32, prime: Prime): void {
  if (width === UNPACKED) accumulateWith(block, table, taps, aOffset, bOffset, width, prime, false)
  else accumulateWith(block, table, taps, aOffset, bOffset, width, prime, true)
}

@inline
function loadFactor(at: usize, mask: v128, magic: v128, packed: bool): v128 {
  return packed ? unpackPair(at, mask, magic) : v128.load(at)
}

@inline
function accumulateWith(
  block: usize,
  table: usize,
  taps: i32,
  aOffset: usize,
  bOffset: usize,
  width: i32,
  prime: Prime,
  packed: bool,
): void {
  const mask = unpackMask(width)
  const magic = unpackMagic(prime)
  const bStep = <usize>width << 1
  const end = block + BLOCK_BYTES
  aOffset -= block
  let t = 0
  for (; t + 4 <= taps; t += 4) {
    const entry = table + (<usize>t << 3)
    const a0 = <usize>load<u32>(entry) + aOffset
    const a1 = <usize>load<u32>(entry, 8) + aOffset
    const a2 = <usize>load<u32>(entry, 16) + aOffset
    const a3 = <usize>load<u32>(entry, 24) + aOffset
    let b0 = <usize>load<u32>(entry, 4) + bOffset
    let b1 = <usize>load<u32>(entry, 12) + bOffset
    let b2 = <usize>load<u32>(entry, 20) + bOffset
    let b3 = <usize>load<u32>(entry, 28) + bOffset
    for (let at = block; at < end; at += 16) {
      const h0 = v128.load(at)
      let x = v128.load(a0 + at)
      let y = loadFactor(b0, mask, magic, packed)
      const h1 = nearly(x, y, h0)
      let low = f64x2.add(v128.load(at, BLOCK_BYTES), exactly(x, y, f64x2.sub(h0, h1)))
      x = v128.load(a1 + at)
      y = loadFactor(b1, mask, magic, packed)
      const h2 = nearly(x, y, h1)
      low = f64x2.add(low, exactly(x, y, f64x2.sub(h1, h2)))
      x = v128.load(a2 + at)
      y = loadFactor(b2, mask, magic, packed)
      const h3 = nearly(x, y, h2)
      low = f64x2.add(low, exactly(x, y, f64x2.sub(h2, h3)))
      x = v128.load(a3 + at)
      y = loadFactor(b3, mask, magic, packed)
      const h4 = nearly(x, y, h3)
      v128.store(at, h4)
      v128.store(at, f64x2.add(low, exactly(x, y, f64x2.sub(h3, h4))), BLOCK_BYTES)
      b0 += bStep
      b1 += bStep
      b2 += bStep
      b3 += bStep
    }
  }
  for (; t < taps; t++) {
    const entry = table + (<usize>t << 3)
    const a = <usize>load<u32>(entry) + aOffset
    let b = <usize>load<u32>(entry, 4) + bOffset
    for (let at = block; at < end; at += 16) {
      const h0 = v128.load(at)
      const x = v128.load(a + at)
      const y = loadFactor(b, mask, magic, packed)
      const h1 = nearly(x, y, h0)
      v128.store(at, h1)
      v128.store(at, f64x2.add(v128.load(at, BLOCK_BYTES), exactly(x, y, f64x2.sub(h0, h1))), BLOCK_BYTES)
      b += bStep
    }
  }
}

/**
 * Σ a·b of `taps` pairs into a block's accumulators. `table` holds pairs of u32 addresses, to which the offsets are added.
 * Factors b take `width` bytes, UNPACKED or packed. A few products are summed in registers.
 */
export function sumProducts(block: usize, table: usize, taps: i32, aOffset: usize, bOffset: usize, width: i32, prime: Prime): void {
  if (taps > min(width === UNPACKED ? 1 : 4, prime.chunk)) {
    startSum(block, prime)
    addProducts(block, table, taps, aOffset, bOffset, width, prime)
  } else if (width === UNPACKED) sumOf(block, table, 1, aOffset, bOffset, prime, width, false)
  else if (taps === 1) sumOf(block, table, 1, aOffset, bOffset, prime, width, true)
  else if (taps === 2) sumOf(block, table, 2, aOffset, bOffset, prime, width, true)
  else if (taps === 3) sumOf(block, table, 3, aOffset, bOffset, prime, width, true)
  else sumOf(block, table, 4, aOffset, bOffset, prime, width, true)
}

@inline
function sumOf(
  block: usize,
  table: usize,
  taps: i32,
  aOffset: usize,
  bOffset: usize,
  prime: Prime,
  width: i32,
  packed: bool,
): void {
  const start = f64x2.splat(prime.sumStart)
  const mask = unpackMask(width)
  const magic = unpackMagic(prime)
  const bStep = <usize>width << 1
  aOffset -= block
  const a0 = <usize>load<u32>(table) + aOffset
  const a1 = taps > 1 ? <usize>load<u32>(table, 8) + aOffset : 0
  const a2 = taps > 2 ? <usize>load<u32>(table, 16) + aOffset : 0
  const a3 = taps > 3 ? <usize>load<u32>(table, 24) + aOffset : 0
  let b0 = <usize>load<u32>(table, 4) + bOffset
  let b1 = taps > 1 ? <usize>load<u32>(table, 12) + bOffset : 0
  let b2 = taps > 2 ? <usize>load<u32>(table, 20) + bOffset : 0
  let b3 = taps > 3 ? <usize>load<u32>(table, 28) + bOffset : 0
  for (let at = block; at < block + BLOCK_BYTES; at += 16) {
    let x = v128.load(a0 + at)
    let y = loadFactor(b0, mask, magic, packed)
    let high = nearly(x, y, start)
    let low = exactly(x, y, f64x2.sub(start, high))
    b0 += bStep
    if (taps > 1) {
      x = v128.load(a1 + at)
      y = loadFactor(b1, mask, magic, packed)
      const next = nearly(x, y, high)
      low = f64x2.add(low, exactly(x, y, f64x2.sub(high, next)))
      high = next
      b1 += bStep
    }
    if (taps > 2) {
      x = v128.load(a2 + at)
      y = loadFactor(b2, mask, magic, packed)
      const next = nearly(x, y, high)
      low = f64x2.add(low, exactly(x, y, f64x2.sub(high, next)))
      high = next
      b2 += bStep
    }
    if (taps > 3) {
      x = v128.load(a3 + at)
      y = loadFactor(b3, mask, magic, packed)
      const next = nearly(x, y, high)
      low = f64x2.add(low, exactly(x, y, f64x2.sub(high, next)))
      high = next
      b3 += bStep
    }
    v128.store(at, high)
    v128.store(at, low, BLOCK_BYTES)
  }
}
