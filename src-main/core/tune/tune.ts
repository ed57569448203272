import { beside } from '../beside.ts'
import type { SideRun } from '../beside.ts'
import { countMultiplications } from '../network/count-multiplications.ts'
import { sizeOf } from '../network/layer-model.ts'
import type { LayerModel } from '../network/layer-model.ts'
import type { PolynomialModel } from '../network/polynomial-model.ts'
import { present } from '../must.ts'
import { evenly } from '../numeric/evenly.ts'
import { breathe, stepCounter, throwIfCancelled } from '../progress.ts'
import type { WorkContext } from '../progress.ts'
import { Adam } from './adam.ts'
import { centrePolynomials } from './centre.ts'
import { isBetter } from './judge.ts'
import type { Evidence, Judge, Judgement } from './judge.ts'
import { lessons } from './lessons.ts'
import type { Lesson } from './lessons.ts'
import type { Parameters } from './linear-step.ts'
import { BATCH, centred } from './loss.ts'
import { Network } from './network.ts'
import { scheduleOf } from './schedule.ts'
import type { Schedule, TuningEpochs } from './schedule.ts'

const WARM_UP_STEPS = 20
/** Samples that tell the means of polynomials. */
const CENTRED_BY = 256
/** Samples that tell how inputs of weights vary together. */
const DECORRELATED_BY = 64
/** Share of the epochs after which a network may be the best: before, steps are large. */
const FIRST_JUDGED = 0.5
/** After so many epochs the network is judged, evenly spaced, the last among them: steps of those between hardly differ. */
const TIMES_JUDGED = 16
/** To vary a number of an input takes as long as so many multiplications. */
const VARYING = 700
/** What it is worth starting another thread for, which takes a sixth of a second. */
const LEAST_TAUGHT = 2e9
/** An epoch whose loss is so many times that of the first steps, which are small, or of the best epoch so far shows that steps are too large for this network. */
const [DIVERGED, WORSE] = [1.5, 2]
/** Then it begins again with such a share of them, so often at most; and once where no epoch brings the network closer. */
const [SMALLER, MOST_RESTARTS] = [0.5, 3]

/**
 * Changes weights and biases of the whole network at once, towards the original network's outputs on variations of
 * the samples: distillation by gradient steps; with its mistakes put right where true classes are given. Polynomials are centred and steps of weights taken where inputs are
 * uncorrelated, so that one changes what others leave alone. A channel's polynomial stays, since the weights around it say all
 * that a quadratic can; coefficients by column or row change too. Steps with which the loss rises are made smaller. What comes back is the network as it was after the epoch at which its
 * outputs on the unseen samples were closest, and as it was before where that is none.
 */
export async function tune(
  original: LayerModel,
  fitted: PolynomialModel,
  evidence: Evidence & { readonly judge: Judge },
  wanted: TuningEpochs,
  work: WorkContext,
): Promise<PolynomialModel> {
  const { samples, movements } = evidence
  return tuneBy(scheduleOf(original, fitted, samples.length, movements, wanted), original, fitted, evidence, work)
}

/** As `tune`, by a schedule. */
export async function tuneBy(
  schedule: Schedule,
  original: LayerModel,
  fitted: PolynomialModel,
  { samples, movements, labels, judge }: Evidence & { readonly judge: Judge },
  work: WorkContext,
): Promise<PolynomialModel> {
  const { epochs, unlike, isTold } = schedule
  if (epochs === 0) return fitted
  const start = centrePolynomials(fitted, evenly(samples, CENTRED_BY))
  const before = judge.of(start)
  const size = sizeOf(original.input.shape)
  const each = countMultiplications(original) + VARYING * size
  const helped = epochs * samples.length * each < LEAST_TAUGHT ? {} : work
  let isLast = isTold
  for (let restarts = 0; restarts <= MOST_RESTARTS; restarts++) {
    const teaching = { original, samples, movements, labels, unlike, epochs }
    const taught = beside(helped, lessons, teaching, 8 * samples.length * size)
    try {
      const training = new Training(start, samples, schedule, SMALLER ** restarts)
      const found = await training.run(taught, judge, before, work)
      if (typeof found === 'object') return found
      if (found === 'no closer' && isLast) break
      isLast ||= found === 'no closer'
    } finally {
      await taught.end()
    }
  }
  return fitted
}

/** One course of steps, from the largest to none. */
class Training {
  readonly #start: PolynomialModel
  readonly #student: Network
  readonly #adam: Adam
  readonly #schedule: Schedule
  readonly #rate: number
  #steps = 0
  /** Of a sample, on average over the first steps; unknown until then. */
  #firstLoss = Infinity

  /** `share` of the schedule's rate. */
  constructor(start: PolynomialModel, samples: readonly Float64Array[], schedule: Schedule, share: number) {
    const student = new Network(start, BATCH, true)
    student.decorrelate(evenly(samples, DECORRELATED_BY))
    student.forward(evenly(samples, BATCH))
    if (schedule.unlike) student.freePolynomials()
    this.#start = start
    this.#student = student
    this.#adam = new Adam(student.parameters, samples.length, (set) => biasUnits(student, set))
    this.#schedule = schedule
    this.#rate = share * schedule.rate
  }

  /** The best network of all epochs that are better than before; or why there is none. */
  async run(
    taught: SideRun<Lesson>,
    judge: Judge,
    before: Judgement,
    work: WorkContext,
  ): Promise<PolynomialModel | 'diverged' | 'no closer'> {
    const { epochs, isGentle } = this.#schedule
    let best: { readonly loss: number; readonly model?: PolynomialModel } = { loss: before.loss }
    let least = Infinity
    const done = stepCounter(work, 'tune', epochs)
    const breathe = breather()
    for (let epoch = 0; epoch < epochs; epoch++) {
      const loss = await this.#epoch(taught, judge, async () => {
        throwIfCancelled(work)
        await breathe()
      })
      const bound = Math.min(DIVERGED * this.#firstLoss, WORSE * least)
      if (loss > bound && !best.model) return 'diverged'
      least = Math.min(least, loss)
      done()
      if (!isGentle && !isJudged(epoch + 1, epochs)) continue
      const after = judge.ofNetwork(this.#student)
      if (!isBetter(after, { ...before, loss: best.loss })) continue
      best = { loss: after.loss, model: this.#student.withParameters(this.#start) }
    }
    return best.model ?? 'no closer'
  }

  /** The mean loss of its samples, each before the step that it is part of. */
  async #epoch(taught: SideRun<Lesson>, { loss }: Judge, pause: () => Promise<void>): Promise<number> {
    const { stepsPerEpoch } = this.#schedule
    let [sum, samples] = [0, 0]
    for (let i = 0; i < stepsPerEpoch; i++) {
      await pause()
      const { count, inputs, right } = present(await taught.next())
      const found = loss.of(centred(this.#student.forwardOf(inputs), BATCH), right, count)
      this.#student.backward(found.gradient)
      this.#step()
      sum += found.loss
      samples += count
      if (this.#steps === WARM_UP_STEPS) this.#firstLoss = sum / samples
    }
    return sum / samples
  }

  #step(): void {
    const { epochs, stepsPerEpoch } = this.#schedule
    const left = 0.5 * (1 + Math.cos((Math.PI * this.#steps) / (epochs * stepsPerEpoch)))
    this.#adam.step(this.#rate * Math.min(1, (this.#steps + 1) / WARM_UP_STEPS) * left)
    this.#steps += 1
  }
}

function isJudged(done: number, epochs: number): boolean {
  const period = Math.ceil((epochs * (1 - FIRST_JUDGED)) / TIMES_JUDGED)
  return done >= FIRST_JUDGED * epochs && (epochs - done) % period === 0
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
