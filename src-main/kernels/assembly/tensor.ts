import { canonical, exactly, lifted, nearly, product } from './modular'
import { unpackMagic, unpackMask, unpackPair } from './packed'
import { Prime } from './prime'
import { BLOCK_BYTES, folded, foldSums, sumUnit } from './sum'

/**
 * Sums of products of ciphertexts (a, a') with packed ones (b, b'): Σ ab, Σ (a + a')(b + b') and Σ a'b', from which the last step
 * makes Σ ab' + a'b: three products instead of four (Karatsuba), and each factor is read once. Three sums, each of high and of low
 * accumulators as in sum.ts, of so many coefficients at a time that all of them stay in the first-level cache.
 */
export const PIECE_BYTES: usize = BLOCK_BYTES / 2
const LOW: usize = PIECE_BYTES
const MIDDLE: usize = 2 * PIECE_BYTES
const LAST: usize = 4 * PIECE_BYTES
const TAPS_AT_ONCE: i32 = 2

/** A piece of all three parts; the next part of a factor or of the target is aPart, bPart or targetPart bytes on. */
export function tensorPiece(
  target: usize,
  targetPart: usize,
  sums: usize,
  table: usize,
  taps: i32,
  a: usize,
  aPart: usize,
  b: usize,
  bPart: usize,
  prime: Prime,
): void {
  let used = 0
  for (let t = 0; t < taps; ) {
    if (used === prime.chunk) {
      foldSums(sums, 3, PIECE_BYTES, prime)
      used = 0
    }
    const count = min(TAPS_AT_ONCE, min(taps - t, prime.chunk - used))
    const entry = table + (<usize>t << 3)
    if (count === 1) {
      if (t === 0) addTaps(sums, entry, a, aPart, b, bPart, prime, false, true)
      else addTaps(sums, entry, a, aPart, b, bPart, prime, false, false)
    } else if (t === 0) addTaps(sums, entry, a, aPart, b, bPart, prime, true, true)
    else addTaps(sums, entry, a, aPart, b, bPart, prime, true, false)
    t += count
    used += count
  }
  storePiece(target, targetPart, sums, prime)
}

/** Adds the products of one tap or two; `fresh` sums begin with them. */
@inline
function addTaps(
  sums: usize,
  entry: usize,
  a: usize,
  aPart: usize,
  b: usize,
  bPart: usize,
  prime: Prime,
  two: bool,
  fresh: bool,
): void {
  const start = f64x2.splat(prime.sumStart)
  const mask = unpackMask(prime.width)
  const magic = unpackMagic(prime)
  const step = <usize>prime.width << 1
  const a0 = <usize>load<u32>(entry) + a - sums
  const a1 = two ? <usize>load<u32>(entry, 8) + a - sums : 0
  const next0 = a0 + aPart
  const next1 = a1 + aPart
  let b0 = <usize>load<u32>(entry, 4) + b
  let b1 = two ? <usize>load<u32>(entry, 12) + b : 0
  for (let at = sums; at < sums + PIECE_BYTES; at += 16) {
    let x = v128.load(a0 + at)
    let other = v128.load(next0 + at)
    let y = unpackPair(b0, mask, magic)
    let otherY = unpackPair(b0 + bPart, mask, magic)
    b0 += step
    let high = fresh ? start : v128.load(at)
    let middle = fresh ? start : v128.load(at, MIDDLE)
    let last = fresh ? start : v128.load(at, LAST)
    let h = nearly(x, y, high)
    let low = exactly(x, y, f64x2.sub(high, h))
    if (!fresh) low = f64x2.add(low, v128.load(at, LOW))
    high = h
    h = nearly(other, otherY, last)
    let lastLow = exactly(other, otherY, f64x2.sub(last, h))
    if (!fresh) lastLow = f64x2.add(lastLow, v128.load(at, LAST + LOW))
    last = h
    x = f64x2.add(x, other)
    y = f64x2.add(y, otherY)
    h = nearly(x, y, middle)
    let middleLow = exactly(x, y, f64x2.sub(middle, h))
    if (!fresh) middleLow = f64x2.add(middleLow, v128.load(at, MIDDLE + LOW))
    middle = h
    if (two) {
      x = v128.load(a1 + at)
      other = v128.load(next1 + at)
      y = unpackPair(b1, mask, magic)
      otherY = unpackPair(b1 + bPart, mask, magic)
      b1 += step
      h = nearly(x, y, high)
      low = f64x2.add(low, exactly(x, y, f64x2.sub(high, h)))
      high = h
      h = nearly(other, otherY, last)
      lastLow = f64x2.add(lastLow, exactly(other, otherY, f64x2.sub(last, h)))
      last = h
      x = f64x2.add(x, other)
      y = f64x2.add(y, otherY)
      h = nearly(x, y, middle)
      middleLow = f64x2.add(middleLow, exactly(x, y, f64x2.sub(middle, h)))
      middle = h
    }
    v128.store(at, high)
    v128.store(at, low, LOW)
    v128.store(at, middle, MIDDLE)
    v128.store(at, middleLow, MIDDLE + LOW)
    v128.store(at, last, LAST)
    v128.store(at, lastLow, LAST + LOW)
  }
}

function storePiece(target: usize, targetPart: usize, sums: usize, prime: Prime): void {
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  const inverse = f64x2.splat(prime.inverse)
  const start = f64x2.splat(prime.sumStart)
  const unit = f64x2.splat(sumUnit(prime))
  const quotient = f64x2.splat(sumUnit(prime) / prime.p)
  const next = target + targetPart
  const third = next + targetPart
  for (let offset: usize = 0; offset < PIECE_BYTES; offset += 16) {
    const at = sums + offset
    const first = folded(v128.load(at), v128.load(at, LOW), p, inverse, start, unit, quotient, round)
    const last = folded(v128.load(at, LAST), v128.load(at, LAST + LOW), p, inverse, start, unit, quotient, round)
    const both = folded(v128.load(at, MIDDLE), v128.load(at, MIDDLE + LOW), p, inverse, start, unit, quotient, round)
    v128.store(target + offset, canonical(first, p, inverse, round))
    v128.store(next + offset, canonical(f64x2.sub(both, f64x2.add(first, last)), p, inverse, round))
    v128.store(third + offset, canonical(last, p, inverse, round))
  }
}

/** A block of the three parts of a ciphertext's square: x², 2xx' and x'². */
export function squareBlock(target: usize, source: usize, part: usize, prime: Prime): void {
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  const inverse = f64x2.splat(prime.inverse)
  for (let offset: usize = 0; offset < BLOCK_BYTES; offset += 16) {
    const at = target + offset
    const x = v128.load(source + offset)
    const other = v128.load(source + part + offset)
    v128.store(at, lifted(product(x, x, p, inverse, round), p))
    v128.store(at + part, lifted(product(f64x2.add(x, x), other, p, inverse, round), p))
    v128.store(at + 2 * part, lifted(product(other, other, p, inverse, round), p))
  }
}
