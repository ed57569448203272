import { blocksOf, lanes, loadColumn, splatAt, storeColumn, storeFours } from './columns'
import { centred, lifted, multiply, multiplyOne, product, reduce, smallest } from './modular'
import { Prime } from './prime'

/**
 * Inverse of `forward` for |x| ≤ 1.5p + 2, times a factor below p in size. Results are exact: in [0, p), or in
 * [−(p−1)/2, (p−1)/2] if `centre`.
 */
export function backward(target: usize, source: usize, n: i32, prime: Prime, centre: bool, factor: f64): void {
  if (prime.tight != 0) backwardTight(target, source, n, prime)
  else backwardLazy(target, source, n, prime)
  const last = smallest(multiplyOne(prime.sizeInverse, factor, prime.p), prime.p)
  if (centre) endCentred(target, n, prime, last)
  else endLifted(target, n, prime, last)
}

function backwardTight(target: usize, source: usize, n: i32, prime: Prime): void {
  backwardPasses(target, source, n, prime, true)
}

function backwardLazy(target: usize, source: usize, n: i32, prime: Prime): void {
  backwardPasses(target, source, n, prime, false)
}

function endCentred(target: usize, n: i32, prime: Prime, factor: f64): void {
  if (ctz(n) & 1) backwardRadix2(target, n >> 1, prime, true, factor)
  else backwardLast(target, n >> 2, prime, true, factor)
}

function endLifted(target: usize, n: i32, prime: Prime, factor: f64): void {
  if (ctz(n) & 1) backwardRadix2(target, n >> 1, prime, false, factor)
  else backwardLast(target, n >> 2, prime, false, factor)
}

/** All levels but the last one or two. */
@inline
function backwardPasses(target: usize, source: usize, n: i32, prime: Prime, tight: bool): void {
  const blocks = blocksOf(n)
  for (let block = 0; block < blocks; block++) {
    let inside = (n >> 2) / blocks
    backwardFirst(target, source, n, block * inside, inside, prime, tight)
    for (inside >>= 2; inside >= 1; inside >>= 2) {
      backwardRadix4(target, n, blocks * inside, block * inside, inside, prime, tight)
    }
  }
  for (let groups = blocks >> 2; groups > 1; groups >>= 2) backwardRadix4(target, n, groups, 0, groups, prime, tight)
}

/** The levels of gap 1 and 2, within `count` fours of neighbours; two fours at a time, one in each lane. */
@inline
function backwardFirst(target: usize, source: usize, n: i32, from: i32, count: i32, prime: Prime, tight: bool): void {
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  const inverse = f64x2.splat(prime.inverse)
  const move = target - source
  let at = source + (<usize>from << 5)
  let one = prime.inverseRoots + ((<usize>((n >> 2) + from)) << 3)
  let two = prime.inverseRoots + ((<usize>((n >> 2) + from)) << 4)
  const end = at + (<usize>count << 5)
  for (; at < end; at += 64, one += 16, two += 32) {
    const a = v128.load(at)
    const b = v128.load(at, 16)
    const c = v128.load(at, 32)
    const d = v128.load(at, 48)
    const x0 = v128.shuffle<f64>(a, c, 0, 2)
    const x1 = v128.shuffle<f64>(a, c, 1, 3)
    const x2 = v128.shuffle<f64>(b, d, 0, 2)
    const x3 = v128.shuffle<f64>(b, d, 1, 3)
    const v0 = product(f64x2.sub(x0, x1), lanes(two, false), p, inverse, round)
    const v1 = product(f64x2.sub(x2, x3), lanes(two, true), p, inverse, round)
    const u0 = f64x2.add(x0, x1)
    const u1 = f64x2.add(x2, x3)
    let u = f64x2.sub(u0, u1)
    let v = f64x2.sub(v0, v1)
    if (tight) {
      u = reduce(u, p, inverse, round)
      v = reduce(v, p, inverse, round)
    }
    const w1 = v128.load(one)
    const r0 = reduce(f64x2.add(u0, u1), p, inverse, round)
    const r1 = reduce(f64x2.add(v0, v1), p, inverse, round)
    const r2 = product(u, w1, p, inverse, round)
    const r3 = product(v, w1, p, inverse, round)
    storeFours(at + move, r0, r1, r2, r3)
  }
}

/** Two levels in one pass over memory, of `count` of the `groups`; two columns in a step. */
@inline
function backwardRadix4(target: usize, n: i32, groups: i32, from: i32, count: i32, prime: Prime, tight: bool): void {
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  const inverse = f64x2.splat(prime.inverse)
  const roots = prime.inverseRoots
  const quotients = prime.inverseRootQuotients
  const stride = (<usize>(n / groups)) << 1
  let a = target + <usize>from * (stride << 2)
  let one = <usize>(groups + from) << 3
  for (const end = one + (<usize>count << 3); one < end; one += 8) {
    const two = one << 1
    const w1 = v128.load_splat<f64>(roots + one)
    const q1 = v128.load_splat<f64>(quotients + one)
    const w2 = v128.load_splat<f64>(roots + two)
    const q2 = v128.load_splat<f64>(quotients + two)
    const w3 = v128.load_splat<f64>(roots + two, 8)
    const q3 = v128.load_splat<f64>(quotients + two, 8)
    let b = a + stride
    let c = b + stride
    let d = c + stride
    const last = b
    for (; a < last; a += 32, b += 32, c += 32, d += 32) {
      backwardColumn(a, b, c, d, false, w1, q1, w2, q2, w3, q3, p, inverse, round, tight)
      backwardColumn(a, b, c, d, true, w1, q1, w2, q2, w3, q3, p, inverse, round, tight)
    }
    // Where the next group begins.
    a = d
  }
}

@inline
function backwardColumn(
  a: usize,
  b: usize,
  c: usize,
  d: usize,
  second: bool,
  w1: v128,
  q1: v128,
  w2: v128,
  q2: v128,
  w3: v128,
  q3: v128,
  p: v128,
  inverse: v128,
  round: v128,
  tight: bool,
): void {
  const x0 = loadColumn(a, second)
  const x1 = loadColumn(b, second)
  const x2 = loadColumn(c, second)
  const x3 = loadColumn(d, second)
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
  storeColumn(a, reduce(f64x2.add(u0, u1), p, inverse, round), second)
  storeColumn(b, v, second)
  storeColumn(c, multiply(f64x2.sub(u0, u1), w1, q1, p, round), second)
  storeColumn(d, multiply(f64x2.sub(v0, v1), w1, q1, p, round), second)
}

/** The last two levels of n = 4·quarter coefficients, and all that comes behind them: times the factor, then made unique. */
@inline
function backwardLast(target: usize, quarter: i32, prime: Prime, centre: bool, factor: f64): void {
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  const inverse = f64x2.splat(prime.inverse)
  const scaledRoot = smallest(multiplyOne(load<f64>(prime.inverseRoots, 8), factor, prime.p), prime.p)
  const w = f64x2.splat(factor)
  const q = f64x2.splat(factor / prime.p)
  const w1 = f64x2.splat(scaledRoot)
  const q1 = f64x2.splat(scaledRoot / prime.p)
  const w2 = splatAt(prime.inverseRoots, 2)
  const q2 = splatAt(prime.inverseRootQuotients, 2)
  const w3 = splatAt(prime.inverseRoots, 3)
  const q3 = splatAt(prime.inverseRootQuotients, 3)
  const stride = <usize>quarter << 3
  for (let a = target; a < target + stride; a += 16) {
    const b = a + stride
    const c = b + stride
    const d = c + stride
    const x0 = v128.load(a)
    const x1 = v128.load(b)
    const x2 = v128.load(c)
    const x3 = v128.load(d)
    const u0 = f64x2.add(x0, x1)
    const u1 = f64x2.add(x2, x3)
    const v0 = multiply(f64x2.sub(x0, x1), w2, q2, p, round)
    const v1 = multiply(f64x2.sub(x2, x3), w3, q3, p, round)
    v128.store(a, unique(multiply(f64x2.add(u0, u1), w, q, p, round), p, inverse, round, centre))
    v128.store(b, unique(multiply(f64x2.add(v0, v1), w, q, p, round), p, inverse, round, centre))
    v128.store(c, unique(multiply(f64x2.sub(u0, u1), w1, q1, p, round), p, inverse, round, centre))
    v128.store(d, unique(multiply(f64x2.sub(v0, v1), w1, q1, p, round), p, inverse, round, centre))
  }
}

/** The same of the last level alone. */
@inline
function backwardRadix2(target: usize, half: i32, prime: Prime, centre: bool, factor: f64): void {
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  const inverse = f64x2.splat(prime.inverse)
  const scaledRoot = smallest(multiplyOne(load<f64>(prime.inverseRoots, 8), factor, prime.p), prime.p)
  const w = f64x2.splat(factor)
  const q = f64x2.splat(factor / prime.p)
  const w1 = f64x2.splat(scaledRoot)
  const q1 = f64x2.splat(scaledRoot / prime.p)
  const stride = <usize>half << 3
  for (let at = target; at < target + stride; at += 16) {
    const x = v128.load(at)
    const y = v128.load(at + stride)
    v128.store(at, unique(multiply(f64x2.add(x, y), w, q, p, round), p, inverse, round, centre))
    v128.store(at + stride, unique(multiply(f64x2.sub(x, y), w1, q1, p, round), p, inverse, round, centre))
  }
}

@inline
function unique(x: v128, p: v128, inverse: v128, round: v128, centre: bool): v128 {
  return centre ? centred(x, p, inverse, round) : lifted(x, p)
}
