/** What each network says of a sample: a class by its number, or the quantity itself. */
import type { TestedSample } from './api.ts'
import { figure } from './format.ts'

type Difference = Pick<TestedSample, 'maxAbsDifference' | 'maxAbsLogit'>

/** Between the encrypted and the polynomial scores, relative to the sample's largest; undefined of noise, and where all are 0. */
export const differenceOf = ({ maxAbsDifference, maxAbsLogit }: Difference): number | undefined =>
  maxAbsDifference === undefined || !maxAbsLogit ? undefined : maxAbsDifference / maxAbsLogit

/** The largest of any sample, as `differenceOf`. */
export function largestDifference(samples: readonly Difference[]): number | undefined {
  const known = samples.map(differenceOf).filter((value) => value !== undefined)
  return known.length > 0 ? Math.max(...known) : undefined
}

/** Of a result that decrypts to nothing, since the polynomials overflow on the sample. */
const noise = 'noise'

/** Of several quantities: more would not fit into a cell. */
const shownQuantities = 3

interface Answers {
  readonly original: string
  readonly polynomial?: string
  readonly encrypted: string
}

export function answersOf(
  { original, polynomial, encrypted, scores }: Pick<TestedSample, 'original' | 'polynomial' | 'encrypted' | 'scores'>,
  isQuantity: boolean,
): Answers {
  if (!isQuantity)
    return { original: `${original}`, polynomial: polynomial?.toString(), encrypted: encrypted?.toString() ?? noise }
  const value = (outputs: readonly number[] | undefined): string | undefined =>
    outputs &&
    outputs.slice(0, shownQuantities).map(figure).join(', ') + (outputs.length > shownQuantities ? ', …' : '')
  return {
    original: value(scores?.original) ?? '–',
    polynomial: value(scores?.polynomial),
    encrypted: value(scores?.encrypted) ?? (encrypted === undefined ? noise : '–'),
  }
}
