import type { NormalNumbers } from '../numeric/normal-numbers.ts'
import { must } from '../must.ts'
import { ClearEvaluator } from './clear-evaluator.ts'
import type { Evaluator } from './evaluator.ts'
import { allPrimesOf, digitsOf, keyFormOf, specialPrimesFor } from './key-form.ts'
import { LevelEvaluator, type Level } from './level-evaluator.ts'
import { operandsOf, primesLeft } from './instruction-table.ts'
import type { Expansion, Instruction, PlannedNetwork, Register, WeightIndex } from './plan.ts'
import { rehearse, type RehearsalReport } from './rehearse.ts'

/** Slots with the errors that they would have, and their level. */
export interface Noisy {
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
export class NoisyEvaluator implements Evaluator<Noisy> {
  readonly #clear: ClearEvaluator
  readonly #levels: LevelEvaluator
  readonly #network: PlannedNetwork
  /** Most primes that each key serves. */
  readonly #keys: RehearsalReport
  /** Of a rounded polynomial, and of one multiplied by the secret. */
  readonly #rounding: number
  readonly #roundingTimesSecret: number
  /** 1 / |1 − ζ| for the root ζ = exp(iπ·3^slot / N) of each slot. */
  readonly #inverseDistance: Float64Array
  readonly #normals: NormalNumbers
  readonly #weightDeviations: ReadonlyMap<WeightIndex, number>

  constructor(network: PlannedNetwork, normals: NormalNumbers) {
    this.#normals = normals
    const degree = network.plan.parameters.polyModulusDegree
    this.#network = network
    this.#keys = rehearse(network.plan)
    this.#levels = new LevelEvaluator(network.plan)
    this.#clear = new ClearEvaluator(network.plan, (index) => this.#weight(index))
    this.#rounding = Math.sqrt(degree / 12)
    this.#roundingTimesSecret = this.#rounding * Math.sqrt((2 * degree) / 3)
    let power = 1
    this.#inverseDistance = Float64Array.from({ length: degree / 2 }, () => {
      const distance = Math.abs(2 * Math.sin((Math.PI * power) / (2 * degree)))
      power = (power * 3) % (2 * degree)
      return 1 / distance
    })
    this.#weightDeviations = this.#deviationsOfWeights()
  }

  /** SEAL encrypts with one prime more and divides by it, which leaves of the fresh error a rounding. */
  input(slots: Float64Array, register: Register): Noisy {
    const { mode } = this.#network.plan.input
    const deviation = mode === 'plain' ? this.#rounding : 2 * this.#rounding + this.#roundingTimesSecret
    return this.#noisy(slots, this.#levels.input(register), deviation)
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
    const { relinearisationPrimes } = this.#keys
    return this.#noisy(slots, this.#levels.relinearise(level), this.#keySwitch(level, relinearisationPrimes))
  }

  rescale({ slots, level }: Noisy): Noisy {
    return this.#noisy(slots, this.#levels.rescale(level), this.#rounding + this.#roundingTimesSecret)
  }

  rotate({ slots, level }: Noisy, steps: number): Noisy {
    const keyPrimes = must(this.#keys.rotationPrimes, steps)
    return this.#noisy(this.#clear.rotate(slots, steps), level, this.#keySwitch(level, keyPrimes))
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

  monomialSum(values: readonly Noisy[], exponents: readonly number[]): Noisy {
    return {
      slots: this.#clear.monomialSum(
        values.map(({ slots }) => slots),
        exponents,
      ),
      level: values[0].level,
    }
  }

  maskSum(values: readonly Noisy[], masks: readonly Int32Array[], scale: number): Noisy {
    return {
      slots: this.#clear.maskSum(
        values.map(({ slots }) => slots),
        masks,
      ),
      level: this.#levels.maskSum(
        values.map(({ level }) => level),
        masks,
        scale,
      ),
    }
  }

  release(): void {}

  /**
   * A key's error times the digits, over the special primes, and the rounding of that division. A hybrid key's digits are sums
   * of centred parts, one for each prime. SEAL's are not centred: their mean, q/2 · (1 + X + … + X^(N−1)), is q/(1 − ζ) at the
   * root ζ of a slot, largest in slot 0.
   */
  #keySwitch({ primes }: Level, keyPrimes: number): Deviation {
    const { parameters } = this.#network.plan
    const degree = parameters.polyModulusDegree
    const values = allPrimesOf(parameters).map(Number)
    const form = keyFormOf(parameters, keyPrimes)
    const special = specialPrimesFor(parameters, keyPrimes).slice(0, form.specialPrimes)
    const divisor = special.reduce((product, index) => product * values[index], 1)
    const digits = digitsOf(form, primes).map(
      ([first, end]) => Math.sqrt(end - first) * values.slice(first, end).reduce((product, q) => product * q, 1),
    )
    const keyError = (errorDeviation * Math.sqrt(degree) * Math.hypot(...digits)) / divisor
    const centred = keyError * Math.sqrt(degree / 12)
    const rounding = 2 * this.#rounding + this.#roundingTimesSecret
    if (parameters.keySwitching) return centred + rounding
    return (slot) => Math.hypot(centred, keyError * this.#inverseDistance[slot]) + rounding
  }

  #weight(index: WeightIndex): Float64Array {
    const { scale } = this.#network.plan.weights[index]
    const deviation = must(this.#weightDeviations, index) / scale
    const vector = this.#network.weightVectors(index)
    return withNoise(vector, deviation, this.#normals.next(vector.length))
  }

  /**
   * A weight of its own has the error of a fresh symmetric encryption. Of n weights that are taken out of one ciphertext by
   * monomials, each has that times √n, and the error of the first key switch times √(n/2).
   */
  #deviationsOfWeights(): Map<WeightIndex, number> {
    const { weights, expansions = [] } = this.#network.plan
    const fresh = errorDeviation * this.#rounding * Math.sqrt(12)
    const deviations = new Map(weights.map((_, index) => [index, fresh]))
    for (const expansion of expansions) {
      const { input, instructions, results } = expansion
      if (instructions.some(({ op }) => op === 'mask-sum')) {
        const made = this.#deviationsOfMasked(expansion, fresh)
        for (const { weight, register } of results) deviations.set(weight, must(made, register))
        continue
      }
      const first = instructions.find((instruction) => instruction.op === 'rotate')
      const level: Level = { ...input, parts: 2 }
      const switched = first ? inSlot(this.#keySwitch(level, must(this.#keys.rotationPrimes, first.steps)), 1) : 0
      const deviation = Math.sqrt(results.length) * Math.hypot(fresh, switched / Math.SQRT2)
      for (const { weight } of results) deviations.set(weight, deviation)
    }
    return deviations
  }

  /** By register. Each slot of a sum comes from one of its values. */
  #deviationsOfMasked({ input, instructions }: Expansion, fresh: number): Map<Register, number> {
    const primes = new Map<Register, number>([[0, input.primes]])
    const deviations = new Map<Register, number>([[0, fresh]])
    for (const instruction of instructions) {
      const operands = operandsOf(instruction)
      const left = must(primes, operands[0])
      const before = Math.max(...operands.map((register) => must(deviations, register)))
      primes.set(instruction.out, primesLeft(instruction, left))
      deviations.set(instruction.out, this.#deviationAfter(instruction, before, left))
    }
    return deviations
  }

  #deviationAfter(instruction: Instruction, before: number, primes: number): number {
    switch (instruction.op) {
      case 'rotate': {
        const level: Level = { primes, scale: 1, parts: 2 }
        return Math.hypot(before, inSlot(this.#keySwitch(level, must(this.#keys.rotationPrimes, instruction.steps)), 1))
      }
      case 'mask-sum':
        return before * instruction.scale
      case 'rescale': {
        const lastPrime = Number(this.#network.plan.parameters.primes[primes - 1])
        return Math.hypot(before / lastPrime, this.#rounding + this.#roundingTimesSecret)
      }
      default:
        return before
    }
  }

  #noisy(slots: Float64Array, level: Level, deviation: Deviation): Noisy {
    const normals = this.#normals.next(slots.length)
    if (typeof deviation === 'number') return { slots: withNoise(slots, deviation / level.scale, normals), level }
    return { slots: slots.map((value, slot) => value + (deviation(slot) / level.scale) * normals[slot]), level }
  }
}

/** Of every slot alike, or of each its own. */
type Deviation = number | ((slot: number) => number)

const inSlot = (deviation: Deviation, slot: number): number =>
  typeof deviation === 'number' ? deviation : deviation(slot)

function withNoise(values: Float64Array, deviation: number, normals: Float64Array): Float64Array {
  const noisy = new Float64Array(values.length)
  for (let slot = 0; slot < values.length; slot++) noisy[slot] = values[slot] + deviation * normals[slot]
  return noisy
}
