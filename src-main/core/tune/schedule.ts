import type { PlaceAxis } from '../network/coefficient-rows.ts'
import { countMultiplications } from '../network/count-multiplications.ts'
import type { LayerModel } from '../network/layer-model.ts'
import type { PolynomialModel } from '../network/polynomial-model.ts'
import type { Movement } from './distort.ts'
import { BATCH } from './loss.ts'
import { arePasted } from './variations.ts'

/** Few samples are shown more often: so many steps at least, in so many epochs at most. */
const [EPOCHS, MOST_EPOCHS, USUAL_STEPS] = [45, 180, 2500]
/** After so many, more samples are shown less often instead: 45 times ten thousand are nearly as many. */
const MOST_STEPS = 25_000
/** Polynomials for which the usual steps suffice; errors of more of them pass through each other. */
const SHALLOW = 5
/** Twice as many for pictures that may be mirrored, which hold more to learn than digits, where that costs no more than this share of what may be spent. */
const SHARE_OF_TWICE = 0.5
/** By how much more the steps of deeper networks grow where samples hold parts of others: what they show does not run out. */
const MORE_OF_PICTURES = 2.5
/** Multiplications that may be spent, forwards and backwards, and for the original network: on up to a thousand samples, and in proportion on up to ten times as many. */
const MOST_MULTIPLICATIONS = 3e12
const [USUAL_SAMPLES, MOST_TIMES_USUAL] = [1000, 10]
/** Epochs that the largest set of samples is to be shown for. */
const LEAST_EPOCHS = 4
/** Of the largest steps, relative to a layer's weights, where there are enough steps to settle afterwards. */
const RATE = 0.005
const ENOUGH_STEPS = 1000
/** Of these where pictures hold parts of others and all polynomials are quadratics: no two look alike, so that larger steps learn none of them by heart. */
const OF_PICTURES = 2
/** Of these where quartics differ by column or row: the narrowest of them leave their range first, and grow fast beyond. */
const GENTLE = 0.06
/** Of the usual epochs, where steps are so small; the best of them may be any. */
const GENTLE_EPOCHS = 0.17

/** So many, or at most so many and fewer for large networks; `{}` is as many as usual. */
export type TuningEpochs = number | { readonly atMost?: number }

/** How long and how fast weights change. */
export interface Schedule {
  readonly epochs: number
  readonly stepsPerEpoch: number
  /** Of the largest steps, relative to a layer's weights. */
  readonly rate: number
  /** The axis along which polynomials differ by place. */
  readonly unlike?: PlaceAxis
  /** Steps are so small that any epoch may be the best. */
  readonly isGentle: boolean
  /** Their number was asked for: they are not shown again because none brought the network closer. */
  readonly isTold: boolean
}

export function scheduleOf(
  original: LayerModel,
  fitted: PolynomialModel,
  samples: number,
  movements: readonly Movement[],
  wanted: TuningEpochs,
): Schedule {
  const polynomials = polynomialsOf(fitted)
  const narrow = polynomials.find(({ by }) => by)
  const isGentle = narrow !== undefined && narrow.degree > 2
  const unlike = narrow?.by
  const holdParts = arePasted(movements, unlike)
  const affordable = Math.floor(multiplicationsFor(samples) / (4 * samples * countMultiplications(original)))
  const isTold = typeof wanted === 'number'
  const usual = () => {
    const least = usualEpochs(samples, polynomials.length, { isGentle, holdParts })
    const twice = Math.min(2 * least, MOST_EPOCHS, Math.floor(SHARE_OF_TWICE * affordable))
    return movements.includes('mirror') ? Math.max(least, twice) : least
  }
  const epochs = isTold ? wanted : Math.min(wanted.atMost ?? usual(), affordable)
  const stepsPerEpoch = Math.ceil(samples / BATCH)
  const share = isGentle ? GENTLE : holdParts && polynomials.at(0)?.degree === 2 ? OF_PICTURES : 1
  const rate = RATE * share * Math.min(1, Math.sqrt((epochs * stepsPerEpoch) / ENOUGH_STEPS))
  return { epochs, stepsPerEpoch, rate, isGentle, isTold, ...(unlike && { unlike }) }
}

/** As many samples of a network as tuning can make use of in the longest time that it takes unless told. */
export const tunableSamples = (model: LayerModel): number =>
  Math.floor((MOST_TIMES_USUAL * MOST_MULTIPLICATIONS) / (4 * LEAST_EPOCHS * countMultiplications(model)))

const multiplicationsFor = (samples: number): number =>
  MOST_MULTIPLICATIONS * Math.min(MOST_TIMES_USUAL, Math.max(1, samples / USUAL_SAMPLES))

/** The deepest first, with the axis along which they differ by place. */
function polynomialsOf({ layers }: PolynomialModel): readonly { readonly degree: number; readonly by?: PlaceAxis }[] {
  const found = layers.flatMap((layer) =>
    layer.kind === 'polynomial' ? [{ by: layer.by, degree: layer.coefficients[0].length - 1 }] : [],
  )
  return found.toSorted((one, other) => other.degree - one.degree)
}

function usualEpochs(
  samples: number,
  polynomials: number,
  { isGentle, holdParts }: { readonly isGentle: boolean; readonly holdParts: boolean },
): number {
  const deeper = Math.max(0, polynomials - SHALLOW) / SHALLOW
  const steps = USUAL_STEPS * (1 + (holdParts ? MORE_OF_PICTURES : 1) * deeper)
  const epochsOf = (count: number) => Math.ceil((count * BATCH) / samples)
  const usual = Math.min(MOST_EPOCHS, Math.max(Math.min(EPOCHS, epochsOf(MOST_STEPS)), epochsOf(steps)))
  return isGentle ? Math.ceil(GENTLE_EPOCHS * usual) : usual
}
