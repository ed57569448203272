/** Reproducible numbers, and residues of several kinds. */
export interface RandomSource {
  below(bound: number): number
  /** Residues that are random, or extremes only, or a mixture, as chosen for the whole ciphertext. */
  residues(): (prime: bigint) => bigint
}

export function randomSource(seed: number): RandomSource {
  let state = (seed + 1) * 0x9e3779b9
  /** mulberry32 */
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const below = (bound: number): number => next() % bound
  const random = (prime: bigint): bigint => ((BigInt(next()) << 32n) | BigInt(next())) % prime
  const extremes = [
    () => 0n,
    () => 1n,
    (prime: bigint) => prime - 1n,
    (prime: bigint) => prime >> 1n,
    (prime: bigint) => (prime >> 1n) + 1n,
  ]
  return {
    below,
    residues: () => {
      const kind = below(10)
      if (kind < extremes.length) return extremes[kind]
      return kind === extremes.length ? (prime) => extremes[below(extremes.length)](prime) : random
    },
  }
}
