import { InternalError, invariant } from '../core/errors.ts'
import type { Arena } from '../core/plan/arena.ts'
import type { Evaluator } from '../core/plan/evaluator.ts'
import { mostSummed, type CkksParameters, type KeyForm, type WeightIndex } from '../core/plan/plan.ts'
import type { CommandSink } from './command-ring.ts'
import { galoisElement } from './number-theory.ts'

/** Residues in the kernels' memory as f64: [part][prime][coefficient], transformed, bit-reversed, in [0, p). */
export interface KernelValue {
  readonly address: number
  /** 1 for an encoded plaintext, 2 or 3 for a ciphertext. */
  readonly parts: number
  readonly primes: number
  readonly scale: number
  /** Weights take only the bytes that each prime needs: assembly/packed.ts. */
  readonly packed?: boolean
}

/** Where a key switch's key is; see assembly/key-switch.ts. */
export interface KeyPlace {
  readonly key: number
  /** Data primes that it is made for. */
  readonly dataPrimes: number
  readonly permutation: number
  readonly form: KeyForm
  /** Constants for its form and the value's level: conversion-table.ts. */
  readonly conversion: number
}

/** Public material in the kernels' memory: encrypted weights and evaluation keys. */
export interface KernelMaterial {
  weight(index: WeightIndex): KernelValue
  relinearisationKey(primes: number): KeyPlace
  rotationKey(steps: number, primes: number): KeyPlace
  /** Writes X^exponent into a value of one part. */
  fillMonomial(value: KernelValue, exponent: number): void
  /** Encodes 1 in these slots and 0 in the others, at the value's scale. */
  fillMask(value: KernelValue, slots: Int32Array): void
}

export interface KernelEvaluatorParts {
  readonly parameters: CkksParameters
  readonly arena: Arena
  readonly commands: CommandSink
  readonly material: KernelMaterial
  /** Memory of all threads for what passes between the stages of one operation. */
  readonly shared: number
}

/** Rotations that share one decomposition, at most: each needs two polynomials of shared memory. */
const ROTATIONS_AT_ONCE = 16
const DIGITS_CENTRED = -1
const PRODUCT_SLICES = 4
const REMAINDER_SLICES = 4
/** Monomials and masks that are kept: as many as one sum may take. */
const PLAINTEXTS_KEPT = mostSummed

interface KeptPlaintext {
  /** A monomial's exponent, or a mask's slots. */
  readonly of: number | Int32Array
  readonly value: KernelValue
}

/**
 * A plan's operations on residues in shared memory, equal word for word to SEAL's, except `rotateMany` and all hybrid key
 * switching, whose noise is no larger. Nothing is allocated but places in the arena, whose size a rehearsal of the plan tells.
 */
export class KernelEvaluator implements Evaluator<KernelValue> {
  readonly #parts: KernelEvaluatorParts
  readonly #n: number
  /** The last used is last. */
  #plaintexts: readonly KeptPlaintext[] = []

  constructor(parts: KernelEvaluatorParts) {
    this.#parts = parts
    this.#n = parts.parameters.polyModulusDegree
  }

  multiplySum(values: readonly KernelValue[], weights: readonly WeightIndex[]): KernelValue {
    const factors = weights.map((index) => this.#parts.material.weight(index))
    return this.#productSum(values, factors)
  }

  square(value: KernelValue): KernelValue {
    return this.#productSum([value], [value])
  }

  relinearise(value: KernelValue): KernelValue {
    invariant(value.parts === 3, 'kernels: only three parts can be relinearised')
    const key = this.#parts.material.relinearisationKey(value.primes)
    return this.#switchKeys(value, 2, [key], this.#digits(0))[0]
  }

  rotate(value: KernelValue, steps: number): KernelValue {
    invariant(value.parts === 2, 'kernels: only two parts can be rotated')
    const key = this.#parts.material.rotationKey(steps, value.primes)
    return this.#switchKeys(value, 1, [key], this.#digits(galoisElement(steps, this.#n)))[0]
  }

  rotateMany(value: KernelValue, steps: readonly number[]): KernelValue[] {
    invariant(value.parts === 2, 'kernels: only two parts can be rotated')
    const keys = steps.map((step) => this.#parts.material.rotationKey(step, value.primes))
    const results = new Array<KernelValue>(keys.length)
    for (const alike of alikeForms(keys)) {
      for (let first = 0; first < alike.length; first += ROTATIONS_AT_ONCE) {
        const members = alike.slice(first, first + ROTATIONS_AT_ONCE)
        const group = members.map((index) => keys[index])
        const rotated = this.#switchKeys(value, 1, group, DIGITS_CENTRED)
        members.forEach((index, i) => (results[index] = rotated[i]))
      }
    }
    return results
  }

  rescale(value: KernelValue): KernelValue {
    invariant(value.primes > 1, 'kernels: no prime is left to rescale by')
    const { commands, parameters, shared } = this.#parts
    const { address: source, parts, primes } = value
    const result = this.#take(parts, primes - 1, value.scale / Number(parameters.primes[primes - 1]))
    commands.submit({ stage: 'lastRemainder', tasks: parts, primes, parts, source, other: shared })
    const tasks = parts * (primes - 1)
    commands.submit({ stage: 'divideByLast', tasks, primes, parts, source, target: result.address, other: shared })
    commands.finish()
    return result
  }

  add(left: KernelValue, right: KernelValue): KernelValue {
    requireSameLevel(left, right)
    if (!isSameScale(left.scale, right.scale)) throw new InternalError('kernels: the scales of a sum differ')
    const parts = Math.max(left.parts, right.parts)
    const result = this.#take(parts, left.primes, left.scale)
    this.#parts.commands.submit({
      ...{ stage: 'add', tasks: parts * left.primes, primes: left.primes, target: result.address },
      ...{ source: left.address, parts: left.parts, other: right.address, otherParts: right.parts },
      packed: right.packed,
    })
    this.#parts.commands.finish()
    return result
  }

  addWeight(value: KernelValue, weight: WeightIndex): KernelValue {
    return this.add(value, this.#parts.material.weight(weight))
  }

  modSwitch(value: KernelValue, primes: number): KernelValue {
    invariant(primes >= 1 && primes <= value.primes, 'kernels: primes can only be dropped')
    const result = this.#take(value.parts, primes, value.scale)
    this.#parts.commands.submit({
      ...{ stage: 'dropPrimes', tasks: value.parts * primes, primes: value.primes, count: primes },
      ...{ target: result.address, source: value.address },
    })
    this.#parts.commands.finish()
    return result
  }

  monomialSum(values: readonly KernelValue[], exponents: readonly number[]): KernelValue {
    const { material } = this.#parts
    const monomials = exponents.map((exponent) =>
      this.#plaintext(exponent, values[0].primes, 1, (value) => material.fillMonomial(value, exponent)),
    )
    return this.#productSum(monomials, values)
  }

  maskSum(values: readonly KernelValue[], masks: readonly Int32Array[], scale: number): KernelValue {
    invariant(masks.length <= PLAINTEXTS_KEPT, 'kernels: a sum takes no more masks than are kept')
    const { material } = this.#parts
    const plaintexts = masks.map((slots) =>
      this.#plaintext(slots, values[0].primes, scale, (target) => material.fillMask(target, slots)),
    )
    return this.#productSum(plaintexts, values)
  }

  release(value: KernelValue): void {
    this.#parts.arena.give(value.address)
  }

  /** A copy of a value that lies anywhere in the memory. */
  copy(value: KernelValue): KernelValue {
    return this.modSwitch(value, value.primes)
  }

  /** Gives back the places of monomials and masks, which are kept between operations. */
  releasePlaintexts(): void {
    for (const { value } of this.#plaintexts) this.release(value)
    this.#plaintexts = []
  }

  /** Room for a value from outside; the caller fills it. */
  newInput(parts: number, primes: number, scale: number): KernelValue {
    return this.#take(parts, primes, scale)
  }

  /** Stays the evaluator's. */
  #plaintext(of: KeptPlaintext['of'], primes: number, scale: number, fill: (value: KernelValue) => void): KernelValue {
    let kept = this.#plaintexts.find(
      ({ of: known, value }) => known === of && value.primes === primes && value.scale === scale,
    )
    if (!kept) {
      if (this.#plaintexts.length === PLAINTEXTS_KEPT) this.release(this.#plaintexts[0].value)
      this.#plaintexts = this.#plaintexts.slice(1 - PLAINTEXTS_KEPT)
      kept = { of, value: this.#take(1, primes, scale) }
      fill(kept.value)
    }
    this.#plaintexts = [...this.#plaintexts.filter((plaintext) => plaintext !== kept), kept]
    return kept.value
  }

  #take(parts: number, primes: number, scale: number): KernelValue {
    return { address: this.#parts.arena.take(8 * this.#n * parts * primes), parts, primes, scale }
  }

  #productSum(values: readonly KernelValue[], factors: readonly KernelValue[]): KernelValue {
    invariant(values.length > 0 && values.length === factors.length, 'kernels: one weight for each value')
    const { parts, primes } = values[0]
    const scale = values[0].scale * factors[0].scale
    values.forEach((value, index) => {
      requireSameLevel(value, factors[index])
      const product = value.scale * factors[index].scale
      if (!isSameScale(product, scale)) throw new InternalError('kernels: the scales of a sum differ')
      invariant(value.primes === primes && value.parts === parts, 'kernels: the values of a sum are alike')
      invariant(value.parts <= 2 && factors[index].parts === 2, 'kernels: factors have two parts')
    })
    const result = this.#take(parts + 1, primes, scale)
    this.#parts.commands.submit({
      ...{ stage: 'productSum', tasks: PRODUCT_SLICES * primes, primes, parts, target: result.address },
      packed: factors[0].packed,
      ...{ count: values.length, table: values.flatMap((value, index) => [value.address, factors[index].address]) },
    })
    this.#parts.commands.finish()
    return result
  }

  /** Hybrid keys always take centred digits, so that rotations alone and together are the same. */
  #digits(ofSeal: number): number {
    return this.#parts.parameters.keySwitching ? DIGITS_CENTRED : ofSeal
  }

  /** One result per key, all of one form; `digits` as assembly/key-switch.ts names them. */
  #switchKeys(value: KernelValue, parts: number, keys: readonly KeyPlace[], digits: number): KernelValue[] {
    const { commands, shared } = this.#parts
    const { address: source, primes, scale } = value
    const [{ form, conversion }] = keys
    const { digitPrimes, specialPrimes } = form
    const results = keys.map(() => this.#take(2, primes, scale))
    const command = {
      ...{ primes, source, parts, other: shared, count: keys.length, digits },
      ...{ digitPrimes, specialPrimes, conversion },
    }
    const table = keys.flatMap((key, index) => [key.key, key.dataPrimes, key.permutation, results[index].address])
    commands.submit({ ...command, stage: 'decompose', tasks: primes })
    commands.submit({ ...command, stage: 'raise', tasks: Math.ceil(primes / digitPrimes) * specialPrimes })
    commands.submit({ ...command, stage: 'specialSum', tasks: 2 * keys.length * specialPrimes, table })
    if (specialPrimes > 1) commands.submit({ ...command, stage: 'mixRadix', tasks: REMAINDER_SLICES * 2 * keys.length })
    commands.submit({ ...command, stage: 'applyKeys', tasks: primes, table })
    commands.finish()
    return results
  }
}

/** Indices of the keys of each form. */
function alikeForms(keys: readonly KeyPlace[]): number[][] {
  const groups = new Map<string, number[]>()
  keys.forEach(({ form: { digitPrimes, specialPrimes } }, index) => {
    const name = `${digitPrimes} ${specialPrimes}`
    groups.set(name, [...(groups.get(name) ?? []), index])
  })
  return [...groups.values()]
}

/** Equal up to floating-point rounding. */
export const isSameScale = (left: number, right: number): boolean => Math.abs(left - right) <= 1e-9 * right

function requireSameLevel(left: KernelValue, right: KernelValue): void {
  invariant(left.primes === right.primes, 'kernels: operands are at one level')
}
