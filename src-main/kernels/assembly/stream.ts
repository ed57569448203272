/** ChaCha20 (RFC 8439). Row i of a state is words 4i … 4i + 3. */

const SIGMA0: u32 = 0x61707865
const SIGMA1: u32 = 0x3320646e
const SIGMA2: u32 = 0x79622d32
const SIGMA3: u32 = 0x6b206574
const DOUBLE_ROUNDS: i32 = 10

@inline
function rotate16(x: v128): v128 {
  return i8x16.shuffle(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)
}

@inline
function rotate12(x: v128): v128 {
  return v128.or(i32x4.shl(x, 12), i32x4.shr_u(x, 20))
}

@inline
function rotate8(x: v128): v128 {
  return i8x16.shuffle(x, x, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14)
}

@inline
function rotate7(x: v128): v128 {
  return v128.or(i32x4.shl(x, 7), i32x4.shr_u(x, 25))
}

@inline
function lanes1(x: v128): v128 {
  return i32x4.shuffle(x, x, 1, 2, 3, 0)
}

@inline
function lanes2(x: v128): v128 {
  return i32x4.shuffle(x, x, 2, 3, 0, 1)
}

@inline
function lanes3(x: v128): v128 {
  return i32x4.shuffle(x, x, 3, 0, 1, 2)
}

/**
 * Writes `bytes` of the stream, a multiple of 128, from block `counter` on. The key is 32 bytes; the nonce is `polynomial`
 * and two zero words. Two blocks are worked on in turn, so that neither waits for its own last step.
 */
export function fillStream(target: usize, bytes: usize, key: usize, polynomial: u32, counter: u32): void {
  const first = i32x4(SIGMA0, SIGMA1, SIGMA2, SIGMA3)
  const second = v128.load(key)
  const third = v128.load(key, 16)
  for (let at = target; at < target + bytes; at += 128, counter += 2) {
    const x3 = i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(0), 0, counter), 1, polynomial)
    const y3 = i32x4.replace_lane(x3, 0, counter + 1)
    let a = first
    let b = second
    let c = third
    let d = x3
    let e = first
    let f = second
    let g = third
    let h = y3
    for (let round = 0; round < DOUBLE_ROUNDS; round++) {
      for (let half = 0; half < 2; half++) {
        a = i32x4.add(a, b)
        e = i32x4.add(e, f)
        d = rotate16(v128.xor(d, a))
        h = rotate16(v128.xor(h, e))
        c = i32x4.add(c, d)
        g = i32x4.add(g, h)
        b = rotate12(v128.xor(b, c))
        f = rotate12(v128.xor(f, g))
        a = i32x4.add(a, b)
        e = i32x4.add(e, f)
        d = rotate8(v128.xor(d, a))
        h = rotate8(v128.xor(h, e))
        c = i32x4.add(c, d)
        g = i32x4.add(g, h)
        b = rotate7(v128.xor(b, c))
        f = rotate7(v128.xor(f, g))
        // Columns to diagonals, then back.
        c = lanes2(c)
        g = lanes2(g)
        if (half === 0) {
          b = lanes1(b)
          f = lanes1(f)
          d = lanes3(d)
          h = lanes3(h)
        } else {
          b = lanes3(b)
          f = lanes3(f)
          d = lanes1(d)
          h = lanes1(h)
        }
      }
    }
    v128.store(at, i32x4.add(a, first))
    v128.store(at, i32x4.add(b, second), 16)
    v128.store(at, i32x4.add(c, third), 32)
    v128.store(at, i32x4.add(d, x3), 48)
    v128.store(at, i32x4.add(e, first), 64)
    v128.store(at, i32x4.add(f, second), 80)
    v128.store(at, i32x4.add(g, third), 96)
    v128.store(at, i32x4.add(h, y3), 112)
  }
}
