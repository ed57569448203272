/** Numbers in [0, 1). */
export type Random = () => number

/**
 * Random numbers that can be had again: the seed is TEST_SEED where it is set, else another each time, and it is
 * printed either way. By mulberry32.
 */
export function seededRandom(
  what: string,
  seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31)),
): Random {
  process.stderr.write(`${what}: TEST_SEED=${seed}\n`)
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
