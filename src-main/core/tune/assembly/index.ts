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

/** out[r][p] += Σ w[r][k]·x[p][k]. */
export function apply(
  out: usize, x: usize, weights: usize, bases: usize, offsets: usize,
  rows: i32, taps: i32, places: i32, samples: i32,
): void {
  const step = <usize>places * samples * 4
  for (let p = 0; p < places; p++) {
    const from = x + load<i32>(bases + (<usize>p << 2))
    for (let s = 0; s < samples; s += 8) {
      for (let r = 0; r < rows; r += 4) {
        const w0 = weights + <usize>r * taps * 4
        const w1 = weights + <usize>at(r + 1, rows - 1) * taps * 4
        const w2 = weights + <usize>at(r + 2, rows - 1) * taps * 4
        const w3 = weights + <usize>at(r + 3, rows - 1) * taps * 4
        let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0
        for (let k: usize = 0; k < <usize>taps << 2; k += 4) {
          const input = from + load<i32>(offsets + k) + (<usize>s << 2)
          const x0 = v128.load(input), x1 = v128.load(input, 16)
          let w = v128.load32_splat(w0 + k)
          a0 = madd(a0, w, x0)
          a1 = madd(a1, w, x1)
          w = v128.load32_splat(w1 + k)
          b0 = madd(b0, w, x0)
          b1 = madd(b1, w, x1)
          w = v128.load32_splat(w2 + k)
          c0 = madd(c0, w, x0)
          c1 = madd(c1, w, x1)
          w = v128.load32_splat(w3 + k)
          d0 = madd(d0, w, x0)
          d1 = madd(d1, w, x1)
        }
        const to = out + (<usize>(r * places + p) * samples + s) * 4
        addTwo(to, a0, a1)
        if (r + 1 < rows) addTwo(to + step, b0, b1)
        if (r + 2 < rows) addTwo(to + 2 * step, c0, c1)
        if (r + 3 < rows) addTwo(to + 3 * step, d0, d1)
      }
    }
  }
}

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
      const first = out + (<usize>p * samples + s) * 4
      for (let k = 0; k < taps; k += 4) {
        const k0 = weights + (<usize>k << 2)
        const k1 = weights + (<usize>at(k + 1, taps - 1) << 2)
        const k2 = weights + (<usize>at(k + 2, taps - 1) << 2)
        const k3 = weights + (<usize>at(k + 3, taps - 1) << 2)
        let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0
        let from = first
        let shift: usize = 0
        for (let r = 0; r < rows; r++) {
          const x0 = v128.load(from), x1 = v128.load(from, 16)
          let w = v128.load32_splat(k0 + shift)
          a0 = madd(a0, w, x0)
          a1 = madd(a1, w, x1)
          w = v128.load32_splat(k1 + shift)
          b0 = madd(b0, w, x0)
          b1 = madd(b1, w, x1)
          w = v128.load32_splat(k2 + shift)
          c0 = madd(c0, w, x0)
          c1 = madd(c1, w, x1)
          w = v128.load32_splat(k3 + shift)
          d0 = madd(d0, w, x0)
          d1 = madd(d1, w, x1)
          from += step
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

/** Four lanes for each weight, to be summed: lanes[r][k] += Σ over places and samples of out[r][p]·x[p][k]. */
export function gradient(
  lanes: usize, x: usize, out: usize, bases: usize, offsets: usize,
  rows: i32, taps: i32, places: i32, samples: i32,
): void {
  const step = <usize>places * samples * 4
  const run = <usize>samples * 4
  for (let p = 0; p < places; p++) {
    const from = x + load<i32>(bases + (<usize>p << 2))
    for (let r = 0; r < rows; r += 2) {
      const r0 = out + <usize>r * step + <usize>p * run
      const r1 = out + <usize>at(r + 1, rows - 1) * step + <usize>p * run
      for (let k = 0; k < taps; k += 2) {
        const x0 = from + load<i32>(offsets + (<usize>k << 2))
        const x1 = from + load<i32>(offsets + (<usize>at(k + 1, taps - 1) << 2))
        let a = f32x4.splat(0), b = a, c = a, d = a
        for (let s: usize = 0; s < run; s += 16) {
          const y0 = v128.load(r0 + s), y1 = v128.load(r1 + s)
          const z0 = v128.load(x0 + s), z1 = v128.load(x1 + s)
          a = madd(a, y0, z0)
          b = madd(b, y0, z1)
          c = madd(c, y1, z0)
          d = madd(d, y1, z1)
        }
        const to = lanes + <usize>(r * taps + k) * 16
        v128.store(to, f32x4.add(v128.load(to), a))
        if (k + 1 < taps) v128.store(to, f32x4.add(v128.load(to, 16), b), 16)
        if (r + 1 < rows) {
          const next = to + <usize>taps * 16
          v128.store(next, f32x4.add(v128.load(next), c))
          if (k + 1 < taps) v128.store(next, f32x4.add(v128.load(next, 16), d), 16)
        }
      }
    }
  }
}
