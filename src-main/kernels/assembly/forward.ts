import { blocksOf, lanes, loadColumn, splatAt, storeColumn, storeFours } from './columns'
import { multiply, product, reduce } from './modular'
import { Prime } from './prime'

/**
 * Negacyclic transform of n coefficients, natural order in, bit-reversed out (SEAL's order). Reads source (integers,
 * |x| ≤ 2^51, or 2^53 − p/2 − 2 if tight), writes target; both may be the same. |result| ≤ 10.2p (tight: 1.9p).
 */
export function forward(target: usize, source: usize, n: i32, prime: Prime): void {
  if (prime.tight != 0) forwardTight(target, source, n, prime)
  else forwardLazy(target, source, n, prime)
}

/** Functions of their own, so that the compiler does not make one of both. */
function forwardTight(target: usize, source: usize, n: i32, prime: Prime): void {
  forwardPasses(target, source, n, prime, true)
}

function forwardLazy(target: usize, source: usize, n: i32, prime: Prime): void {
  forwardPasses(target, source, n, prime, false)
}

@inline
function forwardPasses(target: usize, source: usize, n: i32, prime: Prime, tight: bool): void {
  const blocks = blocksOf(n)
  let groups = 4
  if (ctz(n) & 1) {
    forwardRadix2(target, source, n >> 1, prime)
    groups = 2
  } else {
    forwardRadix4(target, source, n, 1, 0, 1, prime, tight, true)
  }
  for (; groups < blocks; groups <<= 2) forwardRadix4(target, target, n, groups, 0, groups, prime, tight, false)
  for (let block = 0; block < blocks; block++) {
    let inside = 1
    for (; 4 * blocks * inside < n; inside <<= 2) {
      forwardRadix4(target, target, n, blocks * inside, block * inside, inside, prime, tight, false)
    }
    forwardLast(target, n, block * inside, inside, prime, tight)
  }
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

/** Two levels in one pass over memory, of `count` of the `groups`; two columns in a step, which halves what a step costs. */
@inline
function forwardRadix4(
  target: usize,
  source: usize,
  n: i32,
  groups: i32,
  from: i32,
  count: i32,
  prime: Prime,
  tight: bool,
  first: bool,
): void {
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  const inverse = f64x2.splat(prime.inverse)
  const roots = prime.roots
  const quotients = prime.rootQuotients
  const stride = (<usize>(n / groups)) << 1
  const move = target - source
  let a = source + <usize>from * (stride << 2)
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
      forwardColumn(a, b, c, d, false, move, w1, q1, w2, q2, w3, q3, p, inverse, round, tight, first)
      forwardColumn(a, b, c, d, true, move, w1, q1, w2, q2, w3, q3, p, inverse, round, tight, first)
    }
    // Where the next group begins.
    a = d
  }
}

@inline
function forwardColumn(
  a: usize,
  b: usize,
  c: usize,
  d: usize,
  second: bool,
  move: usize,
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
  first: bool,
): void {
  let x0 = loadColumn(a, second)
  let x1 = loadColumn(b, second)
  let x2 = loadColumn(c, second)
  let x3 = loadColumn(d, second)
  if (tight || first) {
    x0 = reduce(x0, p, inverse, round)
    x1 = reduce(x1, p, inverse, round)
  }
  if (tight && first) {
    x2 = reduce(x2, p, inverse, round)
    x3 = reduce(x3, p, inverse, round)
  }
  const t3 = multiply(x3, w1, q1, p, round)
  const y1 = f64x2.add(x1, t3)
  const y3 = f64x2.sub(x1, t3)
  const t2 = multiply(x2, w1, q1, p, round)
  const y0 = f64x2.add(x0, t2)
  const y2 = f64x2.sub(x0, t2)
  const s1 = multiply(y1, w2, q2, p, round)
  const s3 = multiply(y3, w3, q3, p, round)
  storeColumn(a + move, f64x2.add(y0, s1), second)
  storeColumn(b + move, f64x2.sub(y0, s1), second)
  storeColumn(c + move, f64x2.add(y2, s3), second)
  storeColumn(d + move, f64x2.sub(y2, s3), second)
}

/** The levels of gap 2 and 1, within `count` fours of neighbours; two fours at a time, one in each lane. */
@inline
function forwardLast(target: usize, n: i32, from: i32, count: i32, prime: Prime, tight: bool): void {
  const p = f64x2.splat(prime.p)
  const round = f64x2.splat(prime.round)
  const inverse = f64x2.splat(prime.inverse)
  let at = target + (<usize>from << 5)
  let one = prime.roots + ((<usize>((n >> 2) + from)) << 3)
  let two = prime.roots + ((<usize>((n >> 2) + from)) << 4)
  const end = at + (<usize>count << 5)
  for (; at < end; at += 64, one += 16, two += 32) {
    const a = v128.load(at)
    const b = v128.load(at, 16)
    const c = v128.load(at, 32)
    const d = v128.load(at, 48)
    let x0 = v128.shuffle<f64>(a, c, 0, 2)
    let x1 = v128.shuffle<f64>(a, c, 1, 3)
    if (tight) {
      x0 = reduce(x0, p, inverse, round)
      x1 = reduce(x1, p, inverse, round)
    }
    const w1 = v128.load(one)
    const t2 = product(v128.shuffle<f64>(b, d, 0, 2), w1, p, inverse, round)
    const t3 = product(v128.shuffle<f64>(b, d, 1, 3), w1, p, inverse, round)
    const s1 = product(f64x2.add(x1, t3), lanes(two, false), p, inverse, round)
    const s3 = product(f64x2.sub(x1, t3), lanes(two, true), p, inverse, round)
    const y0 = f64x2.add(x0, t2)
    const y2 = f64x2.sub(x0, t2)
    const r0 = f64x2.add(y0, s1)
    const r1 = f64x2.sub(y0, s1)
    const r2 = f64x2.add(y2, s3)
    const r3 = f64x2.sub(y2, s3)
    storeFours(at, r0, r1, r2, r3)
  }
}
