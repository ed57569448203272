/**
 * Slots to the coefficients of a polynomial, with additions, subtractions and products of f64 that are each rounded by
 * themselves: nothing is fused in either build, so the bits are the same everywhere.
 */

@inline
function product(z: v128, w: v128): v128 {
  const real = v128.shuffle<f64>(w, w, 0, 0)
  const imaginary = v128.shuffle<f64>(w, w, 1, 1)
  const crossed = f64x2.mul(v128.shuffle<f64>(z, z, 1, 0), imaginary)
  return f64x2.add(f64x2.mul(z, real), v128.xor(crossed, i64x2(0x8000000000000000, 0)))
}

/**
 * Reads n/2 real numbers, slot values in the order of src-main/kernels/encoding.ts, at `target`; writes there n
 * coefficients, integers, and returns the largest in size. `tables` holds n/2 roots for the levels, then n/2 twists.
 */
export function encodeSlots(target: usize, tables: usize, n: i32, factor: f64, scratch: usize): f64 {
  const half = n >> 1
  const zero = f64x2.splat(0)
  // The first level, whose root is 1.
  for (let i = 0; i < half; i += 2) {
    const pair = v128.load(target + (<usize>i << 3))
    const x = v128.shuffle<f64>(pair, zero, 0, 2)
    const y = v128.shuffle<f64>(pair, zero, 1, 2)
    v128.store(scratch + (<usize>i << 4), f64x2.add(x, y))
    v128.store(scratch + (<usize>i << 4), f64x2.sub(x, y), 16)
  }
  for (let gap = 2; gap < half; gap <<= 1) {
    const stride = <usize>gap << 4
    const roots = tables + stride
    for (let block = scratch; block < scratch + (<usize>half << 4); block += stride << 1) {
      for (let at: usize = 0; at < stride; at += 16) {
        const x = v128.load(block + at)
        const y = product(v128.load(block + at + stride), v128.load(roots + at))
        v128.store(block + at, f64x2.add(x, y))
        v128.store(block + at + stride, f64x2.sub(x, y))
      }
    }
  }
  const twists = tables + (<usize>half << 4)
  const upper = target + (<usize>half << 3)
  const factors = f64x2.splat(factor)
  let largest = zero
  for (let i: usize = 0; i < <usize>half << 3; i += 8) {
    const turned = product(v128.load(scratch + (i << 1)), v128.load(twists + (i << 1)))
    const rounded = f64x2.nearest(f64x2.mul(turned, factors))
    largest = f64x2.max(largest, f64x2.abs(rounded))
    v128.store_lane<f64>(target + i, rounded, 0)
    v128.store_lane<f64>(upper + i, rounded, 1)
  }
  return max(f64x2.extract_lane(largest, 0), f64x2.extract_lane(largest, 1))
}
