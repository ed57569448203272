import { packInput, unpack } from '../core/bundle/packing.ts'
import { sizeOf } from '../core/normalise/layer-model.ts'
import { ClearEvaluator } from '../core/plan/clear-evaluator.ts'
import type { Evaluator } from '../core/plan/evaluator.ts'
import { LevelEvaluator, type Level } from '../core/plan/level-evaluator.ts'
import type { PlannedNetwork, WeightIndex } from '../core/plan/plan.ts'
import { runPlan } from '../core/plan/run-plan.ts'
import { gaussian, simulatedUniform } from './gaussian.ts'

interface Noisy {
  readonly slots: Float64Array
  readonly level: Level
}

/** Standard deviation of SEAL's error distribution. */
const errorDeviation = 3.2

/**
 * Runs a plan in the clear and adds, after each operation, the error that CKKS adds there, as a Gaussian per
 * slot. Deviations are those of a ternary secret in the canonical embedding, as in "Homomorphic Encryption for
 * Arithmetic of Approximate Numbers" (Cheon, Kim, Kim, Song; ASIACRYPT 2017), section 3.3.
 */
class NoisyEvaluator implements Evaluator<Noisy> {
  readonly #clear: ClearEvaluator
  readonly #levels: LevelEvaluator
  readonly #network: PlannedNetwork
  /** Of a rounded polynomial, and of one multiplied by the secret. */
  readonly #rounding: number
  readonly #roundingTimesSecret: number

  constructor(network: PlannedNetwork) {
    const degree = network.plan.parameters.polyModulusDegree
    this.#network = network
    this.#levels = new LevelEvaluator(network.plan)
    this.#clear = new ClearEvaluator(network.plan, (index) => this.#weight(index))
    this.#rounding = Math.sqrt(degree / 12)
    this.#roundingTimesSecret = this.#rounding * Math.sqrt((2 * degree) / 3)
  }

  input(slots: Float64Array): Noisy {
    const { mode } = this.#network.plan.input
    const secretTerms = 2 * errorDeviation * this.#roundingTimesSecret * Math.sqrt(12)
    return this.#noisy(slots, this.#levels.input(), mode === 'plain' ? this.#rounding : secretTerms)
  }

  multiplySum(values: readonly Noisy[], weights: readonly WeightIndex[]): Noisy {
    const slots = this.#clear.multiplySum(
      values.map((value) => value.slots),
      weights,
    )
    return {
      slots,
      level: this.#levels.multiplySum(
        values.map((value) => value.level),
        weights,
      ),
    }
  }

  square({ slots, level }: Noisy): Noisy {
    return { slots: this.#clear.square(slots), level: this.#levels.square(level) }
  }

  relinearise({ slots, level }: Noisy): Noisy {
    return this.#noisy(slots, this.#levels.relinearise(level), this.#keySwitch(level))
  }

  rescale({ slots, level }: Noisy): Noisy {
    return this.#noisy(slots, this.#levels.rescale(level), this.#rounding + this.#roundingTimesSecret)
  }

  rotate({ slots, level }: Noisy, steps: number): Noisy {
    return this.#noisy(this.#clear.rotate(slots, steps), level, this.#keySwitch(level))
  }

  add(left: Noisy, right: Noisy): Noisy {
    return { slots: this.#clear.add(left.slots, right.slots), level: this.#levels.add(left.level, right.level) }
  }

  addWeight({ slots, level }: Noisy, weight: WeightIndex): Noisy {
    return { slots: this.#clear.addWeight(slots, weight), level: this.#levels.addWeight(level, weight) }
  }

  modSwitch({ slots, level }: Noisy, primes: number): Noisy {
    return { slots, level: this.#levels.modSwitch(level, primes) }
  }

  release(): void {}

  /** A key's error times the digits, over the special prime, and the rounding of that division. */
  #keySwitch({ primes }: Level): number {
    const values = this.#network.plan.parameters.primes.map(Number)
    const largest = Math.max(...values.slice(0, primes))
    const degree = this.#network.plan.parameters.polyModulusDegree
    const keyError = errorDeviation * degree * Math.sqrt(primes / 12) * (largest / values.at(-1)!)
    return keyError + this.#rounding + this.#roundingTimesSecret
  }

  #weight(index: WeightIndex): Float64Array {
    const { scale } = this.#network.plan.weights[index]
    const deviation = (errorDeviation * this.#rounding * Math.sqrt(12)) / scale
    return this.#network.weightVectors(index).map((value) => value + deviation * gaussian(simulatedUniform))
  }

  #noisy(slots: Float64Array, level: Level, deviation: number): Noisy {
    const scaled = deviation / level.scale
    return { slots: slots.map((slot) => slot + scaled * gaussian(simulatedUniform)), level }
  }
}

export interface OutputNoise {
  /** Root mean square of the decryption error over the outputs. */
  readonly noise: number
  /** Largest output less the smallest: what the error has to be compared with. */
  readonly spread: number
}

/** What a decryption would give for one preprocessed input, by simulation. */
export function measureNoise(network: PlannedNetwork, input: Float64Array): OutputNoise {
  const { plan } = network
  const images = Float64Array.from({ length: plan.batch * input.length }, (_, i) => input[i % input.length])
  const inputs = plan.input.sources.map((_, index) => packInput(plan, images, index))
  const evaluator = new NoisyEvaluator(network)
  const exact = runPlan(plan, new ClearEvaluator(plan, network.weightVectors), inputs)
  const noisy = runPlan(
    plan,
    evaluator,
    inputs.map((slots) => evaluator.input(slots)),
  ).map(({ slots }) => slots)
  const expected = unpack(plan, plan.output, exact)
  const actual = unpack(plan, plan.output, noisy)
  const squares = actual.reduce((sum, value, i) => sum + (value - expected[i]) ** 2, 0)
  return { noise: Math.sqrt(squares / actual.length), spread: Math.max(...expected) - Math.min(...expected) }
}

/** Stands in where the caller has no real input. */
export const randomInput = ({ plan }: PlannedNetwork): Float64Array =>
  Float64Array.from({ length: sizeOf(plan.input.shape) }, () => gaussian(simulatedUniform))
