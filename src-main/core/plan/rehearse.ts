import type { Plan, WeightIndex } from './plan.ts'
import { LevelEvaluator, type Level } from './level-evaluator.ts'
import { runPlan } from './run-plan.ts'

/** Runs a plan on levels; notes the memory and the keys that the encrypted run will need. */
class Rehearsal extends LevelEvaluator {
  readonly #polyModulusDegree: number
  #liveBytes = 0
  peakBytes = 0
  relinearisationPrimes = 0
  readonly rotationPrimes = new Map<number, number>()

  constructor(plan: Plan) {
    super(plan)
    this.#polyModulusDegree = plan.parameters.polyModulusDegree
  }

  override multiplySum(values: readonly Level[], weights: readonly WeightIndex[]): Level {
    return this.#hold(super.multiplySum(values, weights))
  }

  override square(value: Level): Level {
    return this.#hold(super.square(value))
  }

  override relinearise(value: Level): Level {
    this.relinearisationPrimes = Math.max(value.primes, this.relinearisationPrimes)
    return this.#hold(super.relinearise(value))
  }

  override rescale(value: Level): Level {
    return this.#hold(super.rescale(value))
  }

  override rotate(value: Level, steps: number): Level {
    this.rotationPrimes.set(steps, Math.max(value.primes, this.rotationPrimes.get(steps) ?? 0))
    return this.#hold(super.rotate(value, steps))
  }

  override add(left: Level, right: Level): Level {
    return this.#hold(super.add(left, right))
  }

  override modSwitch(value: Level, primes: number): Level {
    return this.#hold(super.modSwitch(value, primes))
  }

  override release(value: Level): void {
    this.#liveBytes -= this.#bytes(value)
  }

  #hold(value: Level): Level {
    this.#liveBytes += this.#bytes(value)
    this.peakBytes = Math.max(this.peakBytes, this.#liveBytes)
    return value
  }

  #bytes({ parts, primes }: Level): number {
    return 8 * parts * primes * this.#polyModulusDegree
  }
}

export interface RehearsalReport {
  /** Bytes of ciphertexts alive at once, inputs left out. */
  readonly peakBytes: number
  readonly outputs: readonly Level[]
  /** Most primes with which a value is relinearised; 0 if none is. */
  readonly relinearisationPrimes: number
  /** By rotation step, the most primes with which a value is rotated by it. */
  readonly rotationPrimes: ReadonlyMap<number, number>
}

/** Runs a plan without any cryptography. Throws InternalError where levels or scales do not match. */
export function rehearse(plan: Plan): RehearsalReport {
  const rehearsal = new Rehearsal(plan)
  const inputs = plan.input.sources.map((_, register) => rehearsal.input(register))
  const outputs = runPlan(plan, rehearsal, inputs)
  const { peakBytes, relinearisationPrimes, rotationPrimes } = rehearsal
  return { peakBytes, outputs, relinearisationPrimes, rotationPrimes }
}
