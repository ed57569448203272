import { canonical, centred, multiply, multiplyOne, reduce, smallest } from './modular'
import { Prime } from './prime'

@inline
function splatAt(table: usize, index: i32): v128 {
  return v128.load_splat<f64>(table + (<usize>index << 3))
}

/**
 * Negacyclic transform of n coefficients, natural order in, bit-reversed out (SEAL's order). Reads source
 * (any integers with |x| ≤ 2^53 − p/2 − 2), writes target; both may be the same. |result| ≤ 10.2p (tight: 1.9p).
 */
export function forward(target: usize, source: usize, n: i32, prime: Prime): void {
  if (prime.tight != 0) forwardPasses(target, source, n, prime, true)
  else forwardPasses(target, source, n, prime, false)
}

@inline
function forwardPasses(target: usize, source: usize, n: i32, prime: Prime, tight: bool): void {
  let groups = 1
  let gap = n >> 1
  if (ctz(n) & 1) {
    forwardRadix2(target, source, gap, prime)
    groups = 2
    gap >>= 1
  } else {
    forwardRadix4(target, source, groups, gap, prime, tight, true)
    groups = 4
    gap >>= 2
  }
  for (; gap >= 8; groups <<= 2, gap >>= 2) forwardRadix4(target, target, groups, gap, prime, tight, false)
  forwardLast(target, n, prime, tight)
}

/** The first level alone, with the input reduced. */
@inline
function forwardRadix2(target: usize, source: usize, gap: i32, prime: Prime): void {
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  const inverse = f64x2.splat(prime.inverse)
  const w = splatAt(prime.roots, 1)
  const q = splatAt(prime.rootQuotients, 1)
  const stride = <usize>gap << 3
  for (let offset: usize = 0; offset < stride; offset += 16) {
    const x = reduce(v128.load(source + offset), p, inverse, round)
    const y = reduce(v128.load(source + offset + stride), p, inverse, round)
    const t = multiply(y, w, q, p, round)
    v128.store(target + offset, f64x2.add(x, t))
    v128.store(target + offset + stride, f64x2.sub(x, t))
  }
}

/** Two levels in one pass over memory. */
@inline
function forwardRadix4(target: usize, source: usize, groups: i32, gap: i32, prime: Prime, tight: bool, first: bool): void {
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  const inverse = f64x2.splat(prime.inverse)
  const roots = prime.roots
  const quotients = prime.rootQuotients
  const stride = <usize>gap << 2
  for (let i = 0; i < groups; i++) {
    const w1 = splatAt(roots, groups + i)
    const q1 = splatAt(quotients, groups + i)
    const w2 = splatAt(roots, 2 * (groups + i))
    const q2 = splatAt(quotients, 2 * (groups + i))
    const w3 = splatAt(roots, 2 * (groups + i) + 1)
    const q3 = splatAt(quotients, 2 * (groups + i) + 1)
    const start = <usize>i * (stride << 2)
    for (let a = start; a < start + stride; a += 16) {
      const b = a + stride
      const c = b + stride
      const d = c + stride
      let x0 = v128.load(source + a)
      let x1 = v128.load(source + b)
      let x2 = v128.load(source + c)
      let x3 = v128.load(source + d)
      if (tight || first) {
        x0 = reduce(x0, p, inverse, round)
        x1 = reduce(x1, p, inverse, round)
      }
      if (first) {
        x2 = reduce(x2, p, inverse, round)
        x3 = reduce(x3, p, inverse, round)
      }
      const t2 = multiply(x2, w1, q1, p, round)
      const t3 = multiply(x3, w1, q1, p, round)
      const y0 = f64x2.add(x0, t2)
      const y1 = f64x2.add(x1, t3)
      const y2 = f64x2.sub(x0, t2)
      const y3 = f64x2.sub(x1, t3)
      const s1 = multiply(y1, w2, q2, p, round)
      const s3 = multiply(y3, w3, q3, p, round)
      v128.store(target + a, f64x2.add(y0, s1))
      v128.store(target + b, f64x2.sub(y0, s1))
      v128.store(target + c, f64x2.add(y2, s3))
      v128.store(target + d, f64x2.sub(y2, s3))
    }
  }
}

/** The levels of gap 2 and 1, within four neighbours. */
@inline
function forwardLast(target: usize, n: i32, prime: Prime, tight: bool): void {
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  const inverse = f64x2.splat(prime.inverse)
  const roots = prime.roots
  const quotients = prime.rootQuotients
  const groups = n >> 2
  for (let i = 0; i < groups; i++) {
    const at = target + (<usize>i << 5)
    let x = v128.load(at)
    if (tight) x = reduce(x, p, inverse, round)
    const t = multiply(v128.load(at, 16), splatAt(roots, groups + i), splatAt(quotients, groups + i), p, round)
    const u = f64x2.add(x, t)
    const v = f64x2.sub(x, t)
    const pair = <usize>(2 * (groups + i)) << 3
    const s = multiply(v128.shuffle<f64>(u, v, 1, 3), v128.load(roots + pair), v128.load(quotients + pair), p, round)
    const even = v128.shuffle<f64>(u, v, 0, 2)
    const sum = f64x2.add(even, s)
    const difference = f64x2.sub(even, s)
    v128.store(at, v128.shuffle<f64>(sum, difference, 0, 2))
    v128.store(at, v128.shuffle<f64>(sum, difference, 1, 3), 16)
  }
}

/**
 * Inverse of `forward` for input in [0, p), times a factor below p in size. Results are exact: in [0, p), or in
 * [−(p−1)/2, (p−1)/2] if `centre`.
 */
export function backward(target: usize, source: usize, n: i32, prime: Prime, centre: bool, factor: f64): void {
  if (prime.tight != 0) backwardPasses(target, source, n, prime, true)
  else backwardPasses(target, source, n, prime, false)
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  const inverse = f64x2.splat(prime.inverse)
  const half = f64x2.splat(prime.half)
  const last = smallest(multiplyOne(prime.sizeInverse, factor, prime.p), prime.p)
  const w = f64x2.splat(last)
  const q = f64x2.splat(last / prime.p)
  const end = target + (<usize>n << 3)
  for (let at = target; at < end; at += 16) {
    const x = multiply(v128.load(at), w, q, p, round)
    v128.store(at, centre ? centred(x, p, half) : canonical(x, p, inverse, round))
  }
}

@inline
function backwardPasses(target: usize, source: usize, n: i32, prime: Prime, tight: bool): void {
  backwardFirst(target, source, n, prime, tight)
  let groups = n >> 4
  let gap = 4
  for (; groups >= 1; groups >>= 2, gap <<= 2) backwardRadix4(target, groups, gap, prime, tight)
  if (ctz(n) & 1) backwardRadix2(target, n >> 1, prime)
}

@inline
function backwardFirst(target: usize, source: usize, n: i32, prime: Prime, tight: bool): void {
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  const inverse = f64x2.splat(prime.inverse)
  const roots = prime.inverseRoots
  const quotients = prime.inverseRootQuotients
  const groups = n >> 2
  for (let i = 0; i < groups; i++) {
    const offset = <usize>i << 5
    const low = v128.load(source + offset)
    const high = v128.load(source + offset, 16)
    const x = v128.shuffle<f64>(low, high, 0, 2)
    const y = v128.shuffle<f64>(low, high, 1, 3)
    const pair = <usize>(2 * (groups + i)) << 3
    const sum = f64x2.add(x, y)
    const product = multiply(f64x2.sub(x, y), v128.load(roots + pair), v128.load(quotients + pair), p, round)
    const u = v128.shuffle<f64>(sum, product, 0, 2)
    const v = v128.shuffle<f64>(sum, product, 1, 3)
    v128.store(target + offset, reduce(f64x2.add(u, v), p, inverse, round))
    let difference = f64x2.sub(u, v)
    if (tight) difference = reduce(difference, p, inverse, round)
    v128.store(target + offset, multiply(difference, splatAt(roots, groups + i), splatAt(quotients, groups + i), p, round), 16)
  }
}

@inline
function backwardRadix4(target: usize, groups: i32, gap: i32, prime: Prime, tight: bool): void {
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  const inverse = f64x2.splat(prime.inverse)
  const roots = prime.inverseRoots
  const quotients = prime.inverseRootQuotients
  const stride = <usize>gap << 3
  for (let i = 0; i < groups; i++) {
    const w1 = splatAt(roots, groups + i)
    const q1 = splatAt(quotients, groups + i)
    const w2 = splatAt(roots, 2 * (groups + i))
    const q2 = splatAt(quotients, 2 * (groups + i))
    const w3 = splatAt(roots, 2 * (groups + i) + 1)
    const q3 = splatAt(quotients, 2 * (groups + i) + 1)
    const start = target + <usize>i * (stride << 2)
    for (let a = start; a < start + stride; a += 16) {
      const b = a + stride
      const c = b + stride
      const d = c + stride
      const x0 = v128.load(a)
      const x1 = v128.load(b)
      const x2 = v128.load(c)
      const x3 = v128.load(d)
      let u0 = f64x2.add(x0, x1)
      let u1 = f64x2.add(x2, x3)
      if (tight) {
        u0 = reduce(u0, p, inverse, round)
        u1 = reduce(u1, p, inverse, round)
      }
      const v0 = multiply(f64x2.sub(x0, x1), w2, q2, p, round)
      const v1 = multiply(f64x2.sub(x2, x3), w3, q3, p, round)
      let v = f64x2.add(v0, v1)
      if (tight) v = reduce(v, p, inverse, round)
      v128.store(a, reduce(f64x2.add(u0, u1), p, inverse, round))
      v128.store(b, v)
      v128.store(c, multiply(f64x2.sub(u0, u1), w1, q1, p, round))
      v128.store(d, multiply(f64x2.sub(v0, v1), w1, q1, p, round))
    }
  }
}

/** The last level alone. */
@inline
function backwardRadix2(target: usize, gap: i32, prime: Prime): void {
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  const w = splatAt(prime.inverseRoots, 1)
  const q = splatAt(prime.inverseRootQuotients, 1)
  const stride = <usize>gap << 3
  for (let at = target; at < target + stride; at += 16) {
    const x = v128.load(at)
    const y = v128.load(at + stride)
    v128.store(at, f64x2.add(x, y))
    v128.store(at + stride, multiply(f64x2.sub(x, y), w, q, p, round))
  }
}

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
