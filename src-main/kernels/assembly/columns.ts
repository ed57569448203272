/** What both directions of the transform share: its blocks, and ways to load what lanes take. */

/** Coefficients of a block that stays in the first-level cache while the levels within it are done: 8 KiB. */
const BLOCK: i32 = 1024

/** How many blocks n coefficients are; a power of four of coefficients in each. */
export function blocksOf(n: i32): i32 {
  let blocks = ctz(n) & 1 ? 2 : 4
  while (n > blocks * BLOCK) blocks <<= 2
  return blocks
}

@inline
export function splatAt(table: usize, index: i32): v128 {
  return v128.load_splat<f64>(table + (<usize>index << 3))
}

@inline
export function loadColumn(at: usize, second: bool): v128 {
  return second ? v128.load(at, 16) : v128.load(at)
}

@inline
export function storeColumn(at: usize, value: v128, second: bool): void {
  if (second) v128.store(at, value, 16)
  else v128.store(at, value)
}

/** Numbers 0 and 2, or 1 and 3, of four. */
@inline
export function lanes(at: usize, odd: bool): v128 {
  const low = v128.load(at)
  const high = v128.load(at, 16)
  return odd ? v128.shuffle<f64>(low, high, 1, 3) : v128.shuffle<f64>(low, high, 0, 2)
}

/** Stores eight neighbours, of which each pair of values holds one of both fours. */
@inline
export function storeFours(at: usize, x0: v128, x1: v128, x2: v128, x3: v128): void {
  v128.store(at, v128.shuffle<f64>(x0, x1, 0, 2))
  v128.store(at, v128.shuffle<f64>(x2, x3, 0, 2), 16)
  v128.store(at, v128.shuffle<f64>(x0, x1, 1, 3), 32)
  v128.store(at, v128.shuffle<f64>(x2, x3, 1, 3), 48)
}
