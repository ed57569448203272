import type { LayerModel } from '../network/layer-model.ts'
import { FAR } from '../network/classification.ts'
import { evenly } from '../numeric/evenly.ts'
import type { PolynomialModel } from '../network/polynomial-model.ts'
import { putRight } from './true-classes.ts'
import type { Labels } from './true-classes.ts'
import { BATCH, centred, Loss } from './loss.ts'
import type { Movement } from './distort.ts'
import { Network } from './network.ts'
import { Variations } from './variations.ts'
import type { Varied } from './variations.ts'

/** What a network is fitted and judged by. */
export interface Evidence {
  readonly samples: readonly Float64Array[]
  /** Samples that neither the fits nor the steps of tuning see: they judge both, as they are. */
  readonly unseen: readonly Float64Array[]
  /** What may be done to a sample (`keptMovements`). */
  readonly movements: readonly Movement[]
  /** The true classes, where the original's mistakes are to be put right. */
  readonly labels?: Labels
}

export interface Judgement {
  /** Of the unseen samples together, as they are. */
  readonly plain: number
  /** Of these and of one variation of each. */
  readonly loss: number
  /** Mixtures outside the samples whose outputs are far from all sense. */
  readonly lost: number
  /** Of all judging inputs, those with an output beyond ten times the range of the original's. */
  readonly far: number
  readonly samples: number
}

/** How far mixtures lie outside the two samples that they are mixed of. */
const BEYOND = 0.15
/** How many of these tell enough: a network is judged after every epoch. */
const MOST_MIXED = 1000
/** Share of these that may be lost beside those that were before. */
const MOST_LOST = 0.05
/** By which the loss of samples as they are may rise where that of variations falls by more. */
const MOST_WORSE = 1.1

/** Inputs that are made anew each time they are used, since together they may be larger than the samples; and the original's outputs. */
interface Batches {
  readonly inputs: () => Iterable<readonly Varied[]>
  readonly expected: readonly Float32Array[]
}

/**
 * Says how close a network is to the original: on the unseen samples, as they are and varied, and, since what leaves a polynomial's range grows
 * without bound, how many mixtures that lie a little outside the samples it loses.
 */
export class Judge {
  readonly loss: Loss
  readonly #inside: Batches
  readonly #varied: Batches
  readonly #outside: Batches
  readonly #largest: number

  constructor(original: LayerModel, { samples, unseen, movements, labels }: Evidence) {
    const teacher = new Network(original, BATCH, false)
    let largest = 0
    const batches = (of: readonly Float64Array[], inputs: Batches['inputs'], known?: Labels): Batches => {
      const expected = Array.from(inputs(), (some) => {
        const outputs = centred(teacher.forward(inputsOf(some)), BATCH)
        largest = outputs.reduce(
          (most, value, i) => (i % BATCH < some.length ? Math.max(most, Math.abs(value)) : most),
          largest,
        )
        return putRight(outputs, some, of, known, BATCH)
      })
      return { inputs, expected }
    }
    const { shape } = original.input
    this.#inside = batches(unseen, () => chunks(unseen, BATCH), labels)
    this.#varied = batches(unseen, () => new Variations(unseen, shape, movements).epoch(0, BATCH), labels)
    const mixed = evenly([...samples, ...unseen], MOST_MIXED)
    this.#outside = batches(mixed, () => new Variations(mixed, shape, []).epoch(0, BATCH, BEYOND))
    this.#largest = largest
    this.loss = new Loss(BATCH, meanSquare(this.#inside.expected) || 1)
  }

  of(model: PolynomialModel): Judgement {
    return this.ofNetwork(new Network(model, BATCH, false))
  }

  ofNetwork(network: Network): Judgement {
    const parts = [this.#inside, this.#varied, this.#outside].map((batches) => this.#sum(network, batches))
    const [inside, varied, outside] = parts
    return {
      plain: inside.loss,
      loss: inside.loss + varied.loss,
      lost: outside.lost,
      far: parts.reduce((sum, { far }) => sum + far, 0),
      samples: parts.reduce((sum, { samples }) => sum + samples, 0),
    }
  }

  #sum(network: Network, { inputs, expected }: Batches) {
    const total = { loss: 0, lost: 0, far: 0, samples: 0 }
    let batch = 0
    for (const some of inputs()) {
      const outputs = centred(network.forward(inputsOf(some)), BATCH)
      const { loss, lost } = this.loss.of(outputs, expected[batch], some.length)
      total.loss += loss
      total.lost += lost
      total.samples += some.length
      for (let s = 0; s < some.length; s++) if (this.#isFar(outputs, s)) total.far += 1
      batch += 1
    }
    return total
  }

  #isFar(outputs: Float32Array, s: number): boolean {
    for (let i = s; i < outputs.length; i += BATCH) if (!(Math.abs(outputs[i]) <= FAR * this.#largest)) return true
    return false
  }
}

/** Whether a network comes closer on what it has not seen, no worse on samples as they are, and loses few more outside. */
export const isBetter = (one: Judgement, other: Judgement): boolean =>
  one.loss < other.loss && one.plain <= MOST_WORSE * other.plain && one.lost <= other.lost + MOST_LOST * one.samples

function* chunks(samples: readonly Float64Array[], size: number): Generator<readonly Varied[]> {
  const whole = samples.map((input, sample) => ({ input, parts: [sample] }))
  for (let first = 0; first < whole.length; first += size) yield whole.slice(first, first + size)
}

const inputsOf = (some: readonly Varied[]): Float64Array[] => some.map(({ input }) => input)

const meanSquare = (rows: readonly Float32Array[]): number =>
  rows.reduce((sum, row) => sum + row.reduce((s, value) => s + value * value, 0) / row.length, 0) / rows.length
