import { multiplyOne, smallest } from './modular'

/** The smallest of the odd powers of a primitive 2n-th root: SEAL's choice. */
export function smallestRoot(root: f64, n: i32, p: f64): f64 {
  const square = multiplyOne(root, root, p)
  let least = root
  for (let i = 0; i < n; i++) {
    root = multiplyOne(root, square, p)
    least = min(least, root)
  }
  return least
}

/** Writes the n powers of a generator, least in size, and their quotients by p, in bit-reversed order. */
export function writeRoots(roots: usize, quotients: usize, generator: f64, n: i32, p: f64): void {
  const bits = ctz(n)
  let power: f64 = 1
  for (let i = 0; i < n; i++) {
    const offset = <usize>reverseBits(i, bits) << 3
    const root = smallest(power, p)
    store<f64>(roots + offset, root)
    store<f64>(quotients + offset, root / p)
    power = multiplyOne(power, generator, p)
  }
}

export function reverseBits(value: u32, bits: i32): u32 {
  let reversed: u32 = 0
  for (let i = 0; i < bits; i++) reversed |= ((value >> i) & 1) << (bits - 1 - i)
  return reversed
}
