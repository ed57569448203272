import type { PlaceAxis } from '../network/coefficient-rows.ts'
import type { PolynomialModel } from '../network/polynomial-model.ts'
import { countMultiplications } from '../network/count-multiplications.ts'
import type { LayerModel } from '../network/layer-model.ts'
import { evenly } from '../numeric/evenly.ts'
import { breathe, stepCounter, throwIfCancelled } from '../progress.ts'
import type { WorkContext } from '../progress.ts'
import { Adam } from './adam.ts'
import type { Parameters } from './linear-step.ts'
import { centrePolynomials } from './centre.ts'
import { putRight } from './true-classes.ts'
import { isBetter } from './judge.ts'
import type { Evidence, Judge } from './judge.ts'
import { BATCH, centred } from './loss.ts'
import { Network } from './network.ts'
import { Variations } from './variations.ts'

/** Few samples are shown more often: so many steps at least, in so many epochs at most. */
const [EPOCHS, MOST_EPOCHS, USUAL_STEPS] = [45, 180, 2500]
/** After so many, more samples are shown less often instead: 45 times ten thousand are nearly as many. */
const MOST_STEPS = 25_000
/** Polynomials for which the usual steps suffice; errors of more of them pass through each other. */
const SHALLOW = 5
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
/** Of these where pictures hold parts of others: no two look alike, so that larger steps learn none of them by heart. */
const OF_PICTURES = 2
/** Of these where quartics differ by column or row: the narrowest of them leave their range first, and grow fast beyond. */
const GENTLE = 0.06
/** Of the usual epochs, where steps are so small; the best of them may be any. */
const GENTLE_EPOCHS = 0.17
const WARM_UP_STEPS = 20
/** Samples that tell the means of polynomials. */
const CENTRED_BY = 256
/** Samples that tell how inputs of weights vary together. */
const DECORRELATED_BY = 64
/** Share of the epochs after which a network may be the best: before, steps are large. */
const FIRST_JUDGED = 0.5
/** After so many epochs the network is judged, evenly spaced, the last among them: steps of those between hardly differ. */
const TIMES_JUDGED = 16

/** So many, or at most so many and fewer for large networks; `{}` is as many as usual. */
export type TuningEpochs = number | { readonly atMost?: number }

/**
 * Changes weights and biases of the whole network at once, towards the original network's outputs on variations of
 * the samples: distillation by gradient steps; with its mistakes put right where true classes are given. Polynomials are centred and steps of weights taken where inputs are
 * uncorrelated, so that one changes what others leave alone. A channel's polynomial stays, since the weights around it say all
 * that a quadratic can; coefficients by column or row change too. What comes back is the network as it was after the epoch at which its outputs on the unseen samples were
 * closest, and as it was before where that is none.
 */
export async function tune(
  original: LayerModel,
  fitted: PolynomialModel,
  { samples, movements, labels, judge }: Evidence & { readonly judge: Judge },
  wanted: TuningEpochs,
  work: WorkContext,
): Promise<PolynomialModel> {
  const affordable = Math.floor(
    multiplicationsFor(samples.length) / (4 * samples.length * countMultiplications(original)),
  )
  const narrow = narrowOf(fitted)
  const isGentle = narrow !== undefined && narrow.degree > 2
  const variations = new Variations(samples, original.input.shape, movements, { unlike: narrow?.by })
  const { arePasted } = variations
  const epochs =
    typeof wanted === 'number'
      ? wanted
      : Math.min(wanted.atMost ?? usualEpochs(samples.length, fitted, { isGentle, arePasted }), affordable)
  if (epochs === 0) return fitted
  const start = centrePolynomials(fitted, evenly(samples, CENTRED_BY))
  const teacher = new Network(original, BATCH, false)
  const student = new Network(start, BATCH, true)
  const target = (inputs: readonly Float64Array[]) => centred(teacher.forward(inputs), BATCH)
  const outputs = (inputs: readonly Float64Array[]) => centred(student.forward(inputs), BATCH)
  const before = judge.ofNetwork(student)
  let best = { loss: before.loss, model: fitted }
  student.forward(evenly(samples, BATCH))
  student.decorrelate(evenly(samples, DECORRELATED_BY))
  student.forward(evenly(samples, BATCH))
  if (narrow) student.freePolynomials()
  const adam = new Adam(student.parameters, samples.length, (set) => biasUnits(student, set))
  const steps = epochs * Math.ceil(samples.length / BATCH)
  const done = stepCounter(work, 'tune', epochs)
  const breathe = breather()
  const share = isGentle ? GENTLE : arePasted ? OF_PICTURES : 1
  const largest = RATE * share * Math.min(1, Math.sqrt(steps / ENOUGH_STEPS))
  let step = 0
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const varied of variations.epoch(epoch, BATCH)) {
      throwIfCancelled(work)
      await breathe()
      const inputs = varied.map(({ input }) => input)
      const right = putRight(target(inputs), varied, samples, labels, BATCH)
      student.backward(judge.loss.of(outputs(inputs), right, inputs.length).gradient)
      const rate = largest * Math.min(1, (step + 1) / WARM_UP_STEPS) * 0.5 * (1 + Math.cos((Math.PI * step) / steps))
      adam.step(rate)
      step += 1
    }
    done()
    if (!isGentle && !isJudged(epoch + 1, epochs)) continue
    const after = judge.ofNetwork(student)
    if (!isBetter(after, { ...before, loss: best.loss })) continue
    best = { loss: after.loss, model: student.withParameters(start) }
  }
  return best.model
}

function isJudged(done: number, epochs: number): boolean {
  const period = Math.ceil((epochs * (1 - FIRST_JUDGED)) / TIMES_JUDGED)
  return done >= FIRST_JUDGED * epochs && (epochs - done) % period === 0
}

/** As many samples of a network as tuning can make use of in the longest time that it takes unless told. */
export const tunableSamples = (model: LayerModel): number =>
  Math.floor((MOST_TIMES_USUAL * MOST_MULTIPLICATIONS) / (4 * LEAST_EPOCHS * countMultiplications(model)))

const multiplicationsFor = (samples: number): number =>
  MOST_MULTIPLICATIONS * Math.min(MOST_TIMES_USUAL, Math.max(1, samples / USUAL_SAMPLES))

/** Polynomials that differ by column or row, the deepest of them. */
function narrowOf({ layers }: PolynomialModel): { readonly by: PlaceAxis; readonly degree: number } | undefined {
  const found = layers.flatMap((layer) =>
    layer.kind === 'polynomial' && layer.by ? [{ by: layer.by, degree: layer.coefficients[0].length - 1 }] : [],
  )
  return found.toSorted((one, other) => other.degree - one.degree).at(0)
}

function usualEpochs(
  samples: number,
  { layers }: PolynomialModel,
  { isGentle, arePasted }: { readonly isGentle: boolean; readonly arePasted: boolean },
): number {
  const polynomials = layers.filter(({ kind }) => kind === 'polynomial').length
  const deeper = Math.max(0, polynomials - SHALLOW) / SHALLOW
  const steps = USUAL_STEPS * (1 + (arePasted ? MORE_OF_PICTURES : 1) * deeper)
  const epochsOf = (count: number) => Math.ceil((count * BATCH) / samples)
  const usual = Math.min(MOST_EPOCHS, Math.max(Math.min(EPOCHS, epochsOf(MOST_STEPS)), epochsOf(steps)))
  return isGentle ? Math.ceil(GENTLE_EPOCHS * usual) : usual
}

/** Share of the deviation that a bias is measured by. */
const BIAS_UNIT = 0.5

/**
 * What the biases of a layer are measured by: the deviation, over the last inputs, of what they are added to, channel by channel. Their own
 * size says little where places differ.
 */
function biasUnits(network: Network, { layer, of, values, units }: Parameters): Float32Array | undefined {
  if (of !== 'bias') return units
  const outputs = network.valuesOf(layer)
  const perBias = outputs.length / values.length
  const channels = network.shapeOf(layer)[0]
  const places = outputs.length / channels / BATCH
  const deviations = Float32Array.from({ length: channels }, (_, channel) => {
    let sum = 0
    for (let place = 0; place < places; place++) {
      const first = (channel * places + place) * BATCH
      let [total, squares] = [0, 0]
      for (let s = first; s < first + BATCH; s++) {
        total += outputs[s]
        squares += outputs[s] * outputs[s]
      }
      sum += Math.max(0, squares - (total * total) / BATCH) / BATCH
    }
    return Math.sqrt(sum / places)
  })
  return values.map((_, i) => BIAS_UNIT * deviations[Math.floor((i * perBias) / places / BATCH)])
}

/** Lets timers and signals through, now and then. */
function breather(): () => Promise<void> | undefined {
  let sinceMs = performance.now()
  return () => {
    if (performance.now() - sinceMs < 50) return undefined
    sinceMs = performance.now()
    return breathe()
  }
}
