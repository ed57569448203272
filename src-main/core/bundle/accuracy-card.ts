import { z } from 'zod'
import { damagedBundle } from '../plan/damaged-bundle.ts'
import { parseJson } from './json.ts'

const maxCardBytes = 2 ** 16
const part = z.number().min(0).max(1)

/** How faithful a sealed network is to the original: shares only, neither samples nor their names. */
export const accuracyCardSchema = z.strictObject({
  version: z.literal(1),
  /** Absent where there were too few calibration samples to hold any out. */
  kept: z
    .strictObject({
      /** Held out of the fit. */
      samples: z.int().positive(),
      /** Share of them that get the original's label, and the lower end of its 95 % interval. */
      keptLabels: part,
      keptLow: part,
      /** Root mean square of the outputs' change, relative to that of the original outputs; absent where an output is not finite. */
      relativeError: z.number().nonnegative().optional(),
      judgedBy: z.enum(['labels', 'relative-error']),
    })
    .optional(),
})
export type AccuracyCard = z.infer<typeof accuracyCardSchema>

/** Never rounded up: 99.996 % is not all. */
const shareOf = (value: number): number => Math.floor(10_000 * value + 1e-6) / 10_000

/** `kept` is what the owner measured; a share or an error has four or three digits, which say how good the network is and nothing of a sample. */
export function accuracyCardOf(kept?: Required<NonNullable<AccuracyCard['kept']>>): AccuracyCard {
  if (!kept) return { version: 1 }
  const { samples, keptLabels, keptLow, relativeError, judgedBy } = kept
  return {
    version: 1,
    kept: {
      samples,
      keptLabels: shareOf(keptLabels),
      keptLow: shareOf(keptLow),
      ...(Number.isFinite(relativeError) && { relativeError: Number(relativeError.toPrecision(3)) }),
      judgedBy,
    },
  }
}

/** @throws UserError damaged-bundle */
export function decodeAccuracyCard(bytes: Uint8Array): AccuracyCard {
  const parsed = accuracyCardSchema.safeParse(parseJson('accuracy card', bytes, maxCardBytes))
  if (!parsed.success) throw damagedBundle(`its accuracy card is not valid: ${z.prettifyError(parsed.error)}`)
  return parsed.data
}
