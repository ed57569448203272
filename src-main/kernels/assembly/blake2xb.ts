/** SEAL's generator: BLAKE2xb (key: a seed of 64 bytes, input: the number of a buffer), 4096 bytes a buffer. */
export const SEED_BYTES: usize = 64
export const BUFFER_BYTES: usize = 4096
export const BUFFER_SHIFT: usize = 12

/** Scratch: a message block, the root's hash, a block's words in the order of the rounds, the same in both lanes, a buffer. */
const MESSAGE_BYTES: usize = 128
const ROUNDS: i32 = 12
const SCHEDULE_AT: usize = 2 * MESSAGE_BYTES
const SPREAD_AT: usize = SCHEDULE_AT + 12 * MESSAGE_BYTES
export const BUFFER_AT: usize = SPREAD_AT + 24 * MESSAGE_BYTES

const IV0: u64 = 0x6a09e667f3bcc908
const IV1: u64 = 0xbb67ae8584caa73b
const IV2: u64 = 0x3c6ef372fe94f82b
const IV3: u64 = 0xa54ff53a5f1d36f1
const IV4: u64 = 0x510e527fade682d1
const IV5: u64 = 0x9b05688c2b3e6c1f
const IV6: u64 = 0x1f83d9abfb41bd6b
const IV7: u64 = 0x5be0cd19137e2179

/** One buffer, at `BUFFER_AT` of the scratch. */
export function fillBuffer(scratch: usize, seed: usize, number: usize): void {
  const root = scratch + MESSAGE_BYTES
  // The root: digest 64, key 64, fanout 1, depth 1, output 4096; two blocks, the padded key and the number.
  memory.copy(scratch, seed, SEED_BYTES)
  memory.fill(scratch + SEED_BYTES, 0, MESSAGE_BYTES - SEED_BYTES)
  startHash(root, 0x01014040, <u64>BUFFER_BYTES << 32, 0)
  schedule(scratch)
  compress(root, scratch, 128, false)
  memory.fill(scratch, 0, MESSAGE_BYTES)
  store<u64>(scratch, number)
  schedule(scratch)
  compress(root, scratch, 136, true)
  // Its leaves: digest 64, leaf length 64, node offset, inner length 64; one block for all, the root's hash.
  spread(scratch, root)
  for (let leaf: u64 = 0; leaf < 64; leaf += 2) leafPair(scratch + BUFFER_AT + (<usize>leaf << 6), scratch, leaf)
}

/** Words of all rounds in order, each in both lanes; there are eight, the others are 0. */
function spread(scratch: usize, words: usize): void {
  let target = scratch + SPREAD_AT
  for (let round = 0; round < ROUNDS; round++) {
    const order = messageOrder(round)
    for (let shift = 0; shift < 64; shift += 4, target += 16) {
      const word = <usize>(order >> shift) & 15
      v128.store(target, v128.splat<u64>(word < 8 ? load<u64>(words + (word << 3)) : 0))
    }
  }
}

/**
 * Two leaves, a lane each: four mixings that do not wait for each other keep the processor busy, where one leaf's rows are two
 * chains.
 */
function leafPair(target: usize, scratch: usize, leaf: u64): void {
  const first = v128.splat<u64>(IV0 ^ 0x0000004000000040)
  const offset = v128.xor(i64x2(leaf, leaf + 1), v128.splat<u64>(IV1 ^ (<u64>BUFFER_BYTES << 32)))
  const inner = v128.splat<u64>(IV2 ^ (64 << 8))
  let a0 = first
  let a1 = offset
  let a2 = inner
  let a3 = v128.splat<u64>(IV3)
  let b0 = v128.splat<u64>(IV4)
  let b1 = v128.splat<u64>(IV5)
  let b2 = v128.splat<u64>(IV6)
  let b3 = v128.splat<u64>(IV7)
  let c0 = v128.splat<u64>(IV0)
  let c1 = v128.splat<u64>(IV1)
  let c2 = v128.splat<u64>(IV2)
  let c3 = v128.splat<u64>(IV3)
  let d0 = v128.splat<u64>(IV4 ^ 64)
  let d1 = v128.splat<u64>(IV5)
  let d2 = v128.splat<u64>(~IV6)
  let d3 = v128.splat<u64>(IV7)
  let words = scratch + SPREAD_AT
  for (let half = 0; half < 2 * ROUNDS; half++, words += 128) {
    a0 = i64x2.add(i64x2.add(a0, b0), v128.load(words))
    a1 = i64x2.add(i64x2.add(a1, b1), v128.load(words, 32))
    a2 = i64x2.add(i64x2.add(a2, b2), v128.load(words, 64))
    a3 = i64x2.add(i64x2.add(a3, b3), v128.load(words, 96))
    d0 = rotate32(v128.xor(d0, a0))
    d1 = rotate32(v128.xor(d1, a1))
    d2 = rotate32(v128.xor(d2, a2))
    d3 = rotate32(v128.xor(d3, a3))
    c0 = i64x2.add(c0, d0)
    c1 = i64x2.add(c1, d1)
    c2 = i64x2.add(c2, d2)
    c3 = i64x2.add(c3, d3)
    b0 = rotate24(v128.xor(b0, c0))
    b1 = rotate24(v128.xor(b1, c1))
    b2 = rotate24(v128.xor(b2, c2))
    b3 = rotate24(v128.xor(b3, c3))
    a0 = i64x2.add(i64x2.add(a0, b0), v128.load(words, 16))
    a1 = i64x2.add(i64x2.add(a1, b1), v128.load(words, 48))
    a2 = i64x2.add(i64x2.add(a2, b2), v128.load(words, 80))
    a3 = i64x2.add(i64x2.add(a3, b3), v128.load(words, 112))
    d0 = rotate16(v128.xor(d0, a0))
    d1 = rotate16(v128.xor(d1, a1))
    d2 = rotate16(v128.xor(d2, a2))
    d3 = rotate16(v128.xor(d3, a3))
    c0 = i64x2.add(c0, d0)
    c1 = i64x2.add(c1, d1)
    c2 = i64x2.add(c2, d2)
    c3 = i64x2.add(c3, d3)
    // Columns to diagonals, or back: mixing i takes b, c and d one, two and three places on.
    const x0 = rotate63(v128.xor(b0, c0))
    const x1 = rotate63(v128.xor(b1, c1))
    const x2 = rotate63(v128.xor(b2, c2))
    const x3 = rotate63(v128.xor(b3, c3))
    const y0 = c0
    const y1 = c1
    const z0 = d0
    const z1 = d1
    const z2 = d2
    c0 = c2
    c1 = c3
    c2 = y0
    c3 = y1
    if (half & 1) {
      b0 = x3
      b1 = x0
      b2 = x1
      b3 = x2
      d0 = z1
      d1 = z2
      d2 = d3
      d3 = z0
    } else {
      b0 = x1
      b1 = x2
      b2 = x3
      b3 = x0
      d2 = z1
      d1 = z0
      d0 = d3
      d3 = z2
    }
  }
  storeLanes(target, v128.xor(first, v128.xor(a0, c0)))
  storeLanes(target + 8, v128.xor(offset, v128.xor(a1, c1)))
  storeLanes(target + 16, v128.xor(inner, v128.xor(a2, c2)))
  storeLanes(target + 24, v128.xor(v128.splat<u64>(IV3), v128.xor(a3, c3)))
  storeLanes(target + 32, v128.xor(v128.splat<u64>(IV4), v128.xor(b0, d0)))
  storeLanes(target + 40, v128.xor(v128.splat<u64>(IV5), v128.xor(b1, d1)))
  storeLanes(target + 48, v128.xor(v128.splat<u64>(IV6), v128.xor(b2, d2)))
  storeLanes(target + 56, v128.xor(v128.splat<u64>(IV7), v128.xor(b3, d3)))
}

/** A word of each leaf; leaves follow each other. */
@inline
function storeLanes(target: usize, words: v128): void {
  store<u64>(target, i64x2.extract_lane(words, 0))
  store<u64>(target, i64x2.extract_lane(words, 1), 64)
}

function startHash(hash: usize, parameters0: u64, parameters1: u64, parameters2: u64): void {
  store<u64>(hash, IV0 ^ parameters0)
  store<u64>(hash, IV1 ^ parameters1, 8)
  store<u64>(hash, IV2 ^ parameters2, 16)
  store<u64>(hash, IV3, 24)
  store<u64>(hash, IV4, 32)
  store<u64>(hash, IV5, 40)
  store<u64>(hash, IV6, 48)
  store<u64>(hash, IV7, 56)
}

/** The order of a round's message words, four bits each, lowest first. */
function messageOrder(round: i32): u64 {
  switch (round % 10) {
    case 0:
      return 0xfedcba9876543210
    case 1:
      return 0x357b20c16df984ae
    case 2:
      return 0x491763eadf250c8b
    case 3:
      return 0x8f04a562ebcd1397
    case 4:
      return 0xd386cb1efa427509
    case 5:
      return 0x91ef57d438b0a6c2
    case 6:
      return 0xb8293670a4def15c
    case 7:
      return 0xa2684f05931ce7bd
    case 8:
      return 0x5a417d2c803b9ef6
    default:
      return 0x0dc3e9bf5167482a
  }
}

@inline
function rotate32(x: v128): v128 {
  return i32x4.shuffle(x, x, 1, 0, 3, 2)
}

@inline
function rotate24(x: v128): v128 {
  return i8x16.shuffle(x, x, 3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10)
}

@inline
function rotate16(x: v128): v128 {
  return i16x8.shuffle(x, x, 1, 2, 3, 0, 5, 6, 7, 4)
}

@inline
function rotate63(x: v128): v128 {
  return v128.or(i64x2.shr_u(x, 63), i64x2.add(x, x))
}

/** The inner two of four lanes. */
@inline
function turned(low: v128, high: v128): v128 {
  return v128.shuffle<u64>(low, high, 1, 2)
}

/** Lays a block's words out as `compress` reads them: for each half round, the first words of its mixings, then the second. */
function schedule(scratch: usize): void {
  let target = scratch + SCHEDULE_AT
  for (let round = 0; round < ROUNDS; round++) {
    const order = messageOrder(round)
    for (let half = 0; half < 64; half += 32) {
      for (let second = 0; second < 8; second += 4) {
        for (let shift = half + second; shift < half + 32; shift += 8, target += 8) {
          store<u64>(target, load<u64>(scratch + ((<usize>(order >> shift) & 15) << 3)))
        }
      }
    }
  }
}

/** BLAKE2b (RFC 7693) over one scheduled block, the rows of its state as pairs of lanes. */
function compress(hash: usize, scratch: usize, counted: u64, last: bool): void {
  let words = scratch + SCHEDULE_AT
  let a0 = v128.load(hash)
  let a1 = v128.load(hash, 16)
  let b0 = v128.load(hash, 32)
  let b1 = v128.load(hash, 48)
  let c0 = i64x2(IV0, IV1)
  let c1 = i64x2(IV2, IV3)
  let d0 = i64x2(IV4 ^ counted, IV5)
  let d1 = i64x2(last ? ~IV6 : IV6, IV7)
  for (let round = 0; round < ROUNDS; round++) {
    for (let half = 0; half < 2; half++, words += 64) {
      a0 = i64x2.add(i64x2.add(a0, b0), v128.load(words))
      a1 = i64x2.add(i64x2.add(a1, b1), v128.load(words, 16))
      d0 = rotate32(v128.xor(d0, a0))
      d1 = rotate32(v128.xor(d1, a1))
      c0 = i64x2.add(c0, d0)
      c1 = i64x2.add(c1, d1)
      b0 = rotate24(v128.xor(b0, c0))
      b1 = rotate24(v128.xor(b1, c1))
      a0 = i64x2.add(i64x2.add(a0, b0), v128.load(words, 32))
      a1 = i64x2.add(i64x2.add(a1, b1), v128.load(words, 48))
      d0 = rotate16(v128.xor(d0, a0))
      d1 = rotate16(v128.xor(d1, a1))
      c0 = i64x2.add(c0, d0)
      c1 = i64x2.add(c1, d1)
      b0 = rotate63(v128.xor(b0, c0))
      b1 = rotate63(v128.xor(b1, c1))
      const b = b0
      const d = d0
      const c = c0
      c0 = c1
      c1 = c
      // Columns to diagonals, then back.
      if (half === 0) {
        b0 = turned(b, b1)
        b1 = turned(b1, b)
        d0 = turned(d1, d)
        d1 = turned(d, d1)
      } else {
        b0 = turned(b1, b)
        b1 = turned(b, b1)
        d0 = turned(d, d1)
        d1 = turned(d1, d)
      }
    }
  }
  v128.store(hash, v128.xor(v128.load(hash), v128.xor(a0, c0)))
  v128.store(hash, v128.xor(v128.load(hash, 16), v128.xor(a1, c1)), 16)
  v128.store(hash, v128.xor(v128.load(hash, 32), v128.xor(b0, d0)), 32)
  v128.store(hash, v128.xor(v128.load(hash, 48), v128.xor(b1, d1)), 48)
}
