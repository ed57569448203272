import type { Varied } from './variations.ts'

/** The classes of samples, by the samples themselves; of some or of all. */
export type Labels = ReadonlyMap<Float64Array, number>

/**
 * How much of each input is known to be of each class, as [class × batch + input]; undefined where nothing is known. A mixture is of the
 * classes of its parts, by their shares.
 */
export function classShares(
  varied: readonly Varied[],
  samples: readonly Float64Array[],
  labels: Labels | undefined,
  { classes, batch }: { readonly classes: number; readonly batch: number },
): Float32Array | undefined {
  if (!labels || classes === 1) return undefined
  const shares = new Float32Array(classes * batch)
  varied.forEach(({ parts }, s) => {
    for (const { sample, share } of parts) {
      const label = labels.get(samples[sample])
      if (label !== undefined) shares[label * batch + s] += share
    }
  })
  return shares
}
