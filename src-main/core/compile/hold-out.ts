/** At most a fifth, and as many as tell a few per cent; more would only leave less for the fit. */
const SHARE = 5
const MOST = 100
/** Running a large network exactly takes minutes otherwise; never under this many samples. */
const MOST_MULTIPLICATIONS = 4e9
const LEAST = 20

/**
 * Sets samples aside, evenly spaced, that judge what a fit on the others keeps. None where there are fewer than five.
 * @param multiplications - of one sample through the network
 */
export function holdOut<T>(
  samples: readonly T[],
  multiplications: number,
): { readonly fitted: readonly T[]; readonly heldOut: readonly T[] } {
  const affordable = Math.max(LEAST, Math.floor(MOST_MULTIPLICATIONS / Math.max(1, multiplications)))
  const count = Math.min(MOST, affordable, Math.floor(samples.length / SHARE))
  const places = new Set(Array.from({ length: count }, (_, i) => Math.floor(((i + 1) * samples.length) / count) - 1))
  return {
    fitted: samples.filter((_, i) => !places.has(i)),
    heldOut: samples.filter((_, i) => places.has(i)),
  }
}
