import { canonical, exactly, less, lifted, multiply, nearly } from './modular'
import { Prime } from './prime'
import { BLOCK_BYTES, folded, sumUnit } from './sum'

/** Products of digits and keys, at most, per product that a sum may take: one quotient then serves both accumulators. */
const ROOM: i32 = 16

/** Whether the exact rests of so many products are small against what a sum may take; not asked where it would gain little. */
@inline
export function areRestsSmall(products: i32, prime: Prime): bool {
  return ASC_FEATURE_RELAXED_SIMD && prime.chunk >= ROOM * products
}

/**
 * The last step of key switching on a block, the one at byte `at` of a polynomial: (sum − remainder) / P, and what is added, where
 * the permutation puts it. The sum is in its accumulators; factors are 1/P and 2^k/P modulo p, the latter over 2^k.
 */
export function divideBlock(
  target: usize,
  permutation: usize,
  at: usize,
  sum: usize,
  remainder: usize,
  added: usize,
  factor: f64,
  unitFactor: f64,
  small: bool,
  prime: Prime,
): void {
  if (ASC_FEATURE_RELAXED_SIMD && small) placeBlock(target, permutation, at, sum, remainder, added, factor, unitFactor, prime, true)
  else placeBlock(target, permutation, at, sum, remainder, added, factor, unitFactor, prime, false)
}

@inline
function placeBlock(
  target: usize,
  permutation: usize,
  at: usize,
  sum: usize,
  remainder: usize,
  added: usize,
  factor: f64,
  unitFactor: f64,
  prime: Prime,
  small: bool,
): void {
  if (permutation === 0) {
    if (added !== 0) divide(target + at, 0, sum, remainder, added, factor, unitFactor, prime, small, true, false)
    else divide(target + at, 0, sum, remainder, 0, factor, unitFactor, prime, small, false, false)
  } else {
    const places = permutation + (at >> 1)
    if (added !== 0) divide(target, places, sum, remainder, added, factor, unitFactor, prime, small, true, true)
    else divide(target, places, sum, remainder, 0, factor, unitFactor, prime, small, false, true)
  }
}

/** `places` says where each coefficient of a permuted block goes. */
@inline
function divide(
  target: usize,
  places: usize,
  sum: usize,
  remainder: usize,
  added: usize,
  factor: f64,
  unitFactor: f64,
  prime: Prime,
  small: bool,
  adds: bool,
  permutes: bool,
): void {
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  const shift = f64x2.splat(prime.round * prime.p)
  const inverse = f64x2.splat(prime.inverse)
  const start = f64x2.splat(prime.sumStart)
  const w = f64x2.splat(factor)
  const quotient = f64x2.splat(factor / prime.p)
  const unit = f64x2.splat(small ? unitFactor : sumUnit(prime))
  const unitQuotient = f64x2.splat((small ? unitFactor : sumUnit(prime)) / prime.p)
  for (let offset: usize = 0; offset < BLOCK_BYTES; offset += 16) {
    const high = v128.load(sum + offset)
    let low = v128.load(sum + offset, BLOCK_BYTES)
    const taken = v128.load(remainder + offset)
    let result: v128
    if (small) {
      low = f64x2.sub(low, taken)
      const multiple = f64x2.sub(high, start)
      let q = nearly(low, quotient, f64x2.mul(multiple, unitQuotient))
      const first = nearly(multiple, unit, shift)
      let rests = exactly(multiple, unit, f64x2.sub(shift, first))
      const both = nearly(low, w, first)
      rests = f64x2.add(rests, exactly(low, w, f64x2.sub(first, both)))
      if (adds) {
        const other = v128.load(added + offset)
        q = nearly(other, inverse, q)
        rests = f64x2.add(rests, other)
      }
      result = lifted(f64x2.add(less(both, f64x2.add(q, round), p), rests), p)
    } else {
      const difference = f64x2.sub(folded(high, low, p, inverse, start, unit, unitQuotient, round), taken)
      result = multiply(difference, w, quotient, p, round)
      if (adds) result = canonical(f64x2.add(result, v128.load(added + offset)), p, inverse, round)
      else result = lifted(result, p)
    }
    if (permutes) {
      const index = places + (offset >> 1)
      v128.store_lane<f64>(target + (<usize>load<u32>(index) << 3), result, 0)
      v128.store_lane<f64>(target + (<usize>load<u32>(index, 4) << 3), result, 1)
    } else v128.store(target + offset, result)
  }
}
