/**
 * A linear map, its transpose and its gradient on single-precision numbers, several samples side by side. Every value
 * is a run of `samples` numbers (a multiple of 8). Output row r at place p reads the inputs at x + bases[p] +
 * offsets[k] with weight w[r][k], k < taps; bases and offsets are in bytes. Addresses are in bytes.
 * Rows past the end of a block repeat the last one and are not written.
 */

// @ts-ignore: decorator
@inline function at(row: i32, last: i32): i32 {
  return row < last ? row : last
}

// @ts-ignore: decorator
@inline function madd(sum: v128, left: v128, right: v128): v128 {
  return f32x4.add(sum, f32x4.mul(left, right))
}

// @ts-ignore: decorator
@inline function addTwo(to: usize, low: v128, high: v128): void {
  v128.store(to, f32x4.add(v128.load(to), low))
  v128.store(to, f32x4.add(v128.load(to, 16), high), 16)
}

/** Inputs of a place that are packed side by side, so that all rows read them from the first cache. */
// @ts-ignore: decorator
@inline const PACKED_TAPS: i32 = 256
const packedTaps = memory.data(PACKED_TAPS * 32, 16)

/** out[r][p] += Σ w[r][k]·x[p][k]. */
export function apply(
  out: usize, x: usize, weights: usize, bases: usize, offsets: usize,
  rows: i32, taps: i32, places: i32, samples: i32,
): void {
  const step = <usize>places * samples * 4
  const row = <usize>taps << 2
  for (let p = 0; p < places; p++) {
    const from = x + load<i32>(bases + (<usize>p << 2))
    for (let s = 0; s < samples; s += 8) {
      for (let first = 0; first < taps; first += PACKED_TAPS) {
        const count = <usize>min(PACKED_TAPS, taps - first)
        for (let k: usize = 0, o = offsets + (<usize>first << 2); k < count; k++) {
          const input = from + load<i32>(o + (k << 2)) + (<usize>s << 2)
          const at = packedTaps + (k << 5)
          v128.store(at, v128.load(input))
          v128.store(at, v128.load(input, 16), 16)
        }
        const chunk = weights + (<usize>first << 2)
        for (let r = 0; r < rows; r += 4) {
          let w0 = chunk + <usize>r * row
          const d1 = <usize>(at(r + 1, rows - 1) - r) * row
          const d2 = <usize>(at(r + 2, rows - 1) - r) * row
          const d3 = <usize>(at(r + 3, rows - 1) - r) * row
          let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, e0 = a0, e1 = a0
          for (let k = packedTaps, end = packedTaps + (count << 5); k < end; k += 32) {
            const x0 = v128.load(k), x1 = v128.load(k, 16)
            let w = v128.load32_splat(w0)
            a0 = madd(a0, w, x0)
            a1 = madd(a1, w, x1)
            w = v128.load32_splat(w0 + d1)
            b0 = madd(b0, w, x0)
            b1 = madd(b1, w, x1)
            w = v128.load32_splat(w0 + d2)
            c0 = madd(c0, w, x0)
            c1 = madd(c1, w, x1)
            w = v128.load32_splat(w0 + d3)
            e0 = madd(e0, w, x0)
            e1 = madd(e1, w, x1)
            w0 += 4
          }
          const to = out + (<usize>(r * places + p) * samples + s) * 4
          addTwo(to, a0, a1)
          if (r + 1 < rows) addTwo(to + step, b0, b1)
          if (r + 2 < rows) addTwo(to + 2 * step, c0, c1)
          if (r + 3 < rows) addTwo(to + 3 * step, e0, e1)
        }
      }
    }
  }
}

/** Rows whose values at one place are packed side by side: they lie far apart, at distances that share few lines of a cache. */
// @ts-ignore: decorator
@inline const PACKED_ROWS: i32 = 128
const packed = memory.data(PACKED_ROWS * 32, 16)

/** x[p][k] += Σ w[r][k]·out[r][p]. */
export function applyTransposed(
  x: usize, out: usize, weights: usize, bases: usize, offsets: usize,
  rows: i32, taps: i32, places: i32, samples: i32,
): void {
  const step = <usize>places * samples * 4
  const row = <usize>taps * 4
  for (let p = 0; p < places; p++) {
    const to = x + load<i32>(bases + (<usize>p << 2))
    for (let s = 0; s < samples; s += 8) {
      let from = out + (<usize>p * samples + s) * 4
      for (let first = 0; first < rows; first += PACKED_ROWS) {
        const count = min(PACKED_ROWS, rows - first)
        for (let r = 0; r < count; r++) {
          const at = packed + (<usize>r << 5)
          v128.store(at, v128.load(from))
          v128.store(at, v128.load(from, 16), 16)
          from += step
        }
        const w = weights + <usize>first * row
        for (let k = 0; k < taps; k += 4) {
          const k0 = w + (<usize>k << 2)
          const k1 = w + (<usize>at(k + 1, taps - 1) << 2)
          const k2 = w + (<usize>at(k + 2, taps - 1) << 2)
          const k3 = w + (<usize>at(k + 3, taps - 1) << 2)
          let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0
          let shift: usize = 0
          for (let r: usize = packed, end = packed + (<usize>count << 5); r < end; r += 32) {
            const x0 = v128.load(r), x1 = v128.load(r, 16)
            let v = v128.load32_splat(k0 + shift)
            a0 = madd(a0, v, x0)
            a1 = madd(a1, v, x1)
            v = v128.load32_splat(k1 + shift)
            b0 = madd(b0, v, x0)
            b1 = madd(b1, v, x1)
            v = v128.load32_splat(k2 + shift)
            c0 = madd(c0, v, x0)
            c1 = madd(c1, v, x1)
            v = v128.load32_splat(k3 + shift)
            d0 = madd(d0, v, x0)
            d1 = madd(d1, v, x1)
            shift += row
          }
          const o = offsets + (<usize>k << 2)
          const t = to + (<usize>s << 2)
          addTwo(t + load<i32>(o), a0, a1)
          if (k + 1 < taps) addTwo(t + load<i32>(o, 4), b0, b1)
          if (k + 2 < taps) addTwo(t + load<i32>(o, 8), c0, c1)
          if (k + 3 < taps) addTwo(t + load<i32>(o, 12), d0, d1)
        }
      }
    }
  }
}

/** Places of which 8 samples each make a packed run, and rows and taps of such runs. */
// @ts-ignore: decorator
@inline const RUN_PLACES: i32 = 8
// @ts-ignore: decorator
@inline const RUN_BYTES: usize = 256
// @ts-ignore: decorator
@inline const RUN_ROWS: i32 = 64
// @ts-ignore: decorator
@inline const RUN_TAPS: i32 = 32
const rowRuns = memory.data(16384, 16)
const tapRuns = memory.data(8192, 16)

// @ts-ignore: decorator
@inline function addLane(to: usize, sum: v128): void {
  v128.store(to, f32x4.add(v128.load(to), sum))
}

/** Four lanes for each weight, to be summed: lanes[r][k] += Σ over places and samples of out[r][p]·x[p][k]. */
export function gradient(
  lanes: usize, x: usize, out: usize, bases: usize, offsets: usize,
  rows: i32, taps: i32, places: i32, samples: i32,
): void {
  const step = <usize>places * samples * 4
  const run = <usize>samples * 4
  const laneRow = <usize>taps << 4
  for (let place = 0; place < places; place += RUN_PLACES) {
    const wide = min(RUN_PLACES, places - place)
    const runEnd = <usize>wide << 5
    for (let s: usize = 0; s < run; s += 32) {
      for (let row = 0; row < rows; row += RUN_ROWS) {
        const tall = min(RUN_ROWS, rows - row)
        for (let r = 0; r < tall; r++) {
          let from = out + <usize>(row + r) * step + <usize>place * run + s
          for (let to = rowRuns + <usize>r * RUN_BYTES, end = to + runEnd; to < end; to += 32, from += run) {
            v128.store(to, v128.load(from))
            v128.store(to, v128.load(from, 16), 16)
          }
        }
        for (let tap = 0; tap < taps; tap += RUN_TAPS) {
          const deep = min(RUN_TAPS, taps - tap)
          for (let p = 0; p < wide; p++) {
            const from = x + load<i32>(bases + (<usize>(place + p) << 2)) + s
            for (let k = 0; k < deep; k++) {
              const input = from + load<i32>(offsets + (<usize>(tap + k) << 2))
              const to = tapRuns + <usize>k * RUN_BYTES + (<usize>p << 5)
              v128.store(to, v128.load(input))
              v128.store(to, v128.load(input, 16), 16)
            }
          }
          for (let r = 0; r < tall; r += 4) {
            const r0 = rowRuns + <usize>r * RUN_BYTES
            const r1 = rowRuns + <usize>at(r + 1, tall - 1) * RUN_BYTES
            const r2 = rowRuns + <usize>at(r + 2, tall - 1) * RUN_BYTES
            const r3 = rowRuns + <usize>at(r + 3, tall - 1) * RUN_BYTES
            for (let k = 0; k < deep; k += 2) {
              const k0 = tapRuns + <usize>k * RUN_BYTES
              const k1 = tapRuns + <usize>at(k + 1, deep - 1) * RUN_BYTES
              let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0
              for (let i: usize = 0; i < runEnd; i += 16) {
                const x0 = v128.load(k0 + i), x1 = v128.load(k1 + i)
                let y = v128.load(r0 + i)
                a0 = madd(a0, y, x0)
                a1 = madd(a1, y, x1)
                y = v128.load(r1 + i)
                b0 = madd(b0, y, x0)
                b1 = madd(b1, y, x1)
                y = v128.load(r2 + i)
                c0 = madd(c0, y, x0)
                c1 = madd(c1, y, x1)
                y = v128.load(r3 + i)
                d0 = madd(d0, y, x0)
                d1 = madd(d1, y, x1)
              }
              const to = lanes + <usize>(row + r) * laneRow + (<usize>(tap + k) << 4)
              const pair = k + 1 < deep
              addLane(to, a0)
              if (pair) addLane(to + 16, a1)
              if (r + 1 < tall) {
                addLane(to + laneRow, b0)
                if (pair) addLane(to + laneRow + 16, b1)
              }
              if (r + 2 < tall) {
                addLane(to + 2 * laneRow, c0)
                if (pair) addLane(to + 2 * laneRow + 16, c1)
              }
              if (r + 3 < tall) {
                addLane(to + 3 * laneRow, d0)
                if (pair) addLane(to + 3 * laneRow + 16, d1)
              }
            }
          }
        }
      }
    }
  }
}

/** out = Σ cₖ·xᵏ in double precision, of degree 2, 4 or 8, for `times` runs of `count` values (a multiple of 4), `step` values apart. */
export function polynomial(
  out: usize, x: usize, count: usize, times: i32, step: usize, degree: i32,
  c0: f64, c1: f64, c2: f64, c3: f64, c4: f64, c5: f64, c6: f64, c7: f64, c8: f64,
): void {
  for (let time = 0; time < times; time++, out += step << 2, x += step << 2) {
    for (let at: usize = 0, end = count << 2; at < end; at += 16) {
      const v = v128.load(x + at)
      const low = horner(f64x2.promote_low_f32x4(v), degree, c0, c1, c2, c3, c4, c5, c6, c7, c8)
      const high = horner(f64x2.promote_low_f32x4(upper(v)), degree, c0, c1, c2, c3, c4, c5, c6, c7, c8)
      v128.store(out + at, joined(low, high))
    }
  }
}

/** into += out·Σ cₖ·xᵏ in double precision, of degree 1, 3 or 7, as the slope of a polynomial is; for runs as above. */
export function slope(
  into: usize, x: usize, out: usize, count: usize, times: i32, step: usize, degree: i32,
  c0: f64, c1: f64, c2: f64, c3: f64, c4: f64, c5: f64, c6: f64, c7: f64,
): void {
  for (let time = 0; time < times; time++, into += step << 2, x += step << 2, out += step << 2) {
    for (let at: usize = 0, end = count << 2; at < end; at += 16) {
      const v = v128.load(x + at), y = v128.load(out + at), sum = v128.load(into + at)
      const low = horner(f64x2.promote_low_f32x4(v), degree, c0, c1, c2, c3, c4, c5, c6, c7, 0)
      const high = horner(f64x2.promote_low_f32x4(upper(v)), degree, c0, c1, c2, c3, c4, c5, c6, c7, 0)
      v128.store(into + at, joined(
        f64x2.add(f64x2.promote_low_f32x4(sum), f64x2.mul(f64x2.promote_low_f32x4(y), low)),
        f64x2.add(f64x2.promote_low_f32x4(upper(sum)), f64x2.mul(f64x2.promote_low_f32x4(upper(y)), high)),
      ))
    }
  }
}

// @ts-ignore: decorator
@inline function upper(v: v128): v128 {
  return i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15)
}

// @ts-ignore: decorator
@inline function joined(low: v128, high: v128): v128 {
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2)
}

// @ts-ignore: decorator
@inline function next(sum: v128, x: v128, c: f64): v128 {
  return f64x2.add(f64x2.mul(sum, x), f64x2.splat(c))
}

// @ts-ignore: decorator
@inline function horner(
  x: v128, degree: i32, c0: f64, c1: f64, c2: f64, c3: f64, c4: f64, c5: f64, c6: f64, c7: f64, c8: f64,
): v128 {
  let sum = f64x2.splat(0)
  if (degree > 4) sum = next(next(next(next(f64x2.splat(c8), x, c7), x, c6), x, c5), x, c4)
  else sum = f64x2.splat(c4)
  if (degree > 2) sum = next(next(sum, x, c3), x, c2)
  else sum = f64x2.splat(c2)
  return next(next(sum, x, c1), x, c0)
}

/** out = x between two bounds; of `count` values, a multiple of 4. */
export function clamp(out: usize, x: usize, count: usize, least: f32, most: f32): void {
  for (let at: usize = 0, end = count << 2; at < end; at += 16) {
    v128.store(out + at, f32x4.min(f32x4.max(v128.load(x + at), f32x4.splat(least)), f32x4.splat(most)))
  }
}

/** to[i] += from[i], for `count` values, a multiple of 4. */
export function add(to: usize, from: usize, count: usize): void {
  for (let at: usize = 0, end = count << 2; at < end; at += 16) addLane(to + at, v128.load(from + at))
}

/** The sum of `count` values, a multiple of 4, in double precision. */
export function sum(from: usize, count: usize): f64 {
  let low = f64x2.splat(0), high = low
  for (let at: usize = 0, end = count << 2; at < end; at += 16) {
    const v = v128.load(from + at)
    low = f64x2.add(low, f64x2.promote_low_f32x4(v))
    high = f64x2.add(high, f64x2.promote_low_f32x4(upper(v)))
  }
  const both = f64x2.add(low, high)
  return f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1)
}

/** Where the module's own data ends. */
export function ownEnd(): usize {
  return __heap_base
}
