/** Numbers in [0, 1). */
export type Random = () => number

/** TEST_SEED if it is set, else another number each time; printed either way, so that a failure can be repeated. */
export function chooseSeed(what: string): number {
  const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
  process.stderr.write(`${what}: TEST_SEED=${seed}\n`)
  return seed
}

/** Random numbers that can be had again, by mulberry32. */
export function seededRandom(what: string): Random {
  let state = chooseSeed(what)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
