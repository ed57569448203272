import { expansionPlan, type Plan, type WeightIndex } from './plan.ts'
import { LevelEvaluator, type Level } from './level-evaluator.ts'
import { runPlan } from './run-plan.ts'

interface KeyNeeds {
  relinearisationPrimes: number
  readonly rotationPrimes: Map<number, number>
}

/** Runs a plan on levels; notes the memory and the keys that the encrypted run will need. */
class Rehearsal extends LevelEvaluator {
  readonly #polyModulusDegree: number
  #liveBytes = 0
  readonly #needs: KeyNeeds
  peakBytes = 0

  constructor(plan: Plan, needs: KeyNeeds) {
    super(plan)
    this.#needs = needs
    this.#polyModulusDegree = plan.parameters.polyModulusDegree
  }

  override multiplySum(values: readonly Level[], weights: readonly WeightIndex[]): Level {
    return this.#hold(super.multiplySum(values, weights))
  }

  override square(value: Level): Level {
    return this.#hold(super.square(value))
  }

  override relinearise(value: Level): Level {
    this.#needs.relinearisationPrimes = Math.max(value.primes, this.#needs.relinearisationPrimes)
    return this.#hold(super.relinearise(value))
  }

  override rescale(value: Level): Level {
    return this.#hold(super.rescale(value))
  }

  override rotate(value: Level, steps: number): Level {
    const { rotationPrimes } = this.#needs
    rotationPrimes.set(steps, Math.max(value.primes, rotationPrimes.get(steps) ?? 0))
    return this.#hold(super.rotate(value, steps))
  }

  override add(left: Level, right: Level): Level {
    return this.#hold(super.add(left, right))
  }

  override monomialSum(values: readonly Level[], exponents: readonly number[]): Level {
    return this.#hold(super.monomialSum(values, exponents))
  }

  override maskSum(values: readonly Level[], masks: readonly Int32Array[], scale: number): Level {
    return this.#hold(super.maskSum(values, masks, scale))
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
  /** The same of one load program. */
  readonly expansionBytes: number
  readonly outputs: readonly Level[]
  /** Most primes with which a value is relinearised; 0 if none is. */
  readonly relinearisationPrimes: number
  /** By rotation step, the most primes with which a value is rotated by it. */
  readonly rotationPrimes: ReadonlyMap<number, number>
}

/** Runs a plan, and its expansions before it, without any cryptography. Throws InternalError where levels or scales do not match. */
export function rehearse(plan: Plan): RehearsalReport {
  const needs: KeyNeeds = { relinearisationPrimes: 0, rotationPrimes: new Map() }
  const run = (part: Plan): { outputs: Level[]; peakBytes: number } => {
    const rehearsal = new Rehearsal(part, needs)
    const inputs = part.input.sources.map((_, register) => rehearsal.input(register))
    return { outputs: runPlan(part, rehearsal, inputs), peakBytes: rehearsal.peakBytes }
  }
  const expanded = (plan.expansions ?? []).map((expansion) => run(expansionPlan(plan, expansion)).peakBytes)
  const expansionBytes = expanded.reduce((most, bytes) => Math.max(most, bytes), 0)
  const { outputs, peakBytes } = run(plan)
  return { peakBytes: Math.max(expansionBytes, peakBytes), expansionBytes, outputs, ...needs }
}
