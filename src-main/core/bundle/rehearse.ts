import type { Plan, WeightIndex } from '../plan/plan.ts'
import { LevelEvaluator, type Level } from '../plan/level-evaluator.ts'
import { runPlan } from '../plan/run-plan.ts'

/** Runs a plan on levels and adds up the bytes of the ciphertexts that live at once. */
class Rehearsal extends LevelEvaluator {
  readonly #polyModulusDegree: number
  #liveBytes = 0
  peakBytes = 0

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
    return this.#hold(super.relinearise(value))
  }

  override rescale(value: Level): Level {
    return this.#hold(super.rescale(value))
  }

  override rotate(value: Level, steps: number): Level {
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

/** Peak bytes of ciphertexts, inputs left out. Throws InternalError where levels or scales do not match. */
export function rehearse(plan: Plan): number {
  const rehearsal = new Rehearsal(plan)
  runPlan(
    plan,
    rehearsal,
    plan.input.sources.map(() => rehearsal.input()),
  )
  return rehearsal.peakBytes
}
