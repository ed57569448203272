import type { Ciphertext, Plaintext } from 'node-seal/throws'
import { InternalError, invariant } from '../core/errors.ts'
import type { Evaluator } from '../core/plan/evaluator.ts'
import type { WeightIndex } from '../core/plan/plan.ts'
import { isSameScale } from './ciphertext.ts'
import type { SealContext } from './context.ts'
import { filled, guarded, scoped } from './guard.ts'
import type { SealKeys } from './keys.ts'
import type { SealWeights } from './weights.ts'

/** A register of an encrypted run; plaintexts are inputs in the clear. */
export type SealValue = Ciphertext | Plaintext

export interface SealEvaluatorParts {
  readonly context: SealContext
  readonly weights: SealWeights
  readonly keys: SealKeys
}

/** A plan's operations on SEAL ciphertexts. The parts stay the caller's; each result is the caller's to `release`. */
export class SealEvaluator implements Evaluator<SealValue> {
  readonly #parts: SealEvaluatorParts

  constructor(parts: SealEvaluatorParts) {
    this.#parts = parts
  }

  multiplySum(values: readonly SealValue[], weights: readonly WeightIndex[]): Ciphertext {
    invariant(values.length > 0 && values.length === weights.length, 'a sum needs one weight for each value')
    let sum: Ciphertext | undefined
    const addProduct = (product: Ciphertext): void => {
      if (!sum) sum = product
      else this.#addInto(sum, product)
    }
    return scoped((own) => {
      try {
        values.forEach((value, k) => {
          if (isPlain(value) && value.isZero()) return
          const product = this.#product(value, weights[k])
          addProduct(sum ? own(product) : product)
        })
        return sum ?? this.#zeroProduct(values[0], weights[0])
      } catch (error) {
        sum?.delete()
        throw error
      }
    })
  }

  square(value: SealValue): Ciphertext {
    return this.#new('square', (out) => this.#seal.square(cipher(value), out))
  }

  relinearise(value: SealValue): Ciphertext {
    return this.#new('relinearise', (out) => this.#parts.keys.relinearise(cipher(value), out))
  }

  rescale(value: SealValue): Ciphertext {
    return this.#new('rescale', (out) => this.#seal.rescaleToNext(cipher(value), out))
  }

  rotate(value: SealValue, steps: number): Ciphertext {
    return this.#new('rotate', (out) => this.#parts.keys.rotate(cipher(value), steps, out))
  }

  add(left: SealValue, right: SealValue): Ciphertext {
    return this.#add(cipher(left), cipher(right))
  }

  addWeight(value: SealValue, weight: WeightIndex): Ciphertext {
    return this.#parts.weights.lend(weight, (ciphertext) => this.#add(cipher(value), ciphertext))
  }

  modSwitch(value: SealValue, primes: number): Ciphertext {
    const level = this.#parts.context.parmsId(primes)
    return this.#new('switch the modulus', (out) => this.#seal.cipherModSwitchTo(cipher(value), level, out))
  }

  monomialSum(values: readonly SealValue[], exponents: readonly number[]): Ciphertext {
    const { monomials } = this.#parts.context
    return this.#plainSum(values, (k, primes) => monomials.plaintext(exponents[k], primes))
  }

  maskSum(values: readonly SealValue[], masks: readonly Int32Array[], scale: number): Ciphertext {
    const { context } = this.#parts
    return this.#plainSum(values, (k, primes) => context.mask(masks[k], scale, primes))
  }

  release(value: SealValue): void {
    value.delete()
  }

  #plainSum(values: readonly SealValue[], plaintext: (k: number, primes: number) => Plaintext): Ciphertext {
    return scoped((own) => {
      const products = values.map((value, k) => {
        const plain = plaintext(k, cipher(value).coeffModulusSize())
        return this.#new('multiply', (out) => this.#seal.multiplyPlain(cipher(value), plain, out))
      })
      products.slice(1).forEach((product) => this.#addInto(products[0], own(product)))
      return products[0]
    })
  }

  get #seal() {
    return this.#parts.context.evaluator
  }

  #new(what: string, compute: (out: Ciphertext) => void): Ciphertext {
    const { bindings } = this.#parts.context.seal
    return filled(new bindings.Ciphertext(), (out) => guarded(what, () => compute(out)))
  }

  #product(value: SealValue, weight: WeightIndex): Ciphertext {
    return this.#parts.weights.lend(weight, (ciphertext) =>
      this.#new('multiply', (out) =>
        isPlain(value) ? this.#seal.multiplyPlain(ciphertext, value, out) : this.#seal.multiply(value, ciphertext, out),
      ),
    )
  }

  /**
   * Stands in for products with an all-zero plain input, which SEAL refuses as transparent: the weight times the smallest
   * constant that can be encoded, an error as of rounding. It is the same at every run.
   */
  #zeroProduct(value: SealValue, weight: WeightIndex): Ciphertext {
    invariant(isPlain(value), 'only plain inputs are zero')
    const { context } = this.#parts
    const [scale, primes] = [value.scale(), value.coeffCount() / context.parameters.polyModulusDegree]
    const least = context.encode(new Float64Array(context.slots).fill(1 / scale), scale, primes)
    try {
      return this.#product(least, weight)
    } finally {
      least.delete()
    }
  }

  #add(left: Ciphertext, right: Ciphertext): Ciphertext {
    return withScaleOf(left, right, () => this.#new('add', (out) => this.#seal.add(left, right, out)))
  }

  #addInto(sum: Ciphertext, term: Ciphertext): void {
    withScaleOf(sum, term, () => guarded('add', () => this.#seal.addInplace(sum, term)))
  }
}

const isPlain = (value: SealValue): value is Plaintext => 'coeffCount' in value

function cipher(value: SealValue): Ciphertext {
  if (isPlain(value)) throw new InternalError('a plain input can only be multiplied by weights')
  return value
}

/** SEAL adds only under equal scales; a difference of mere rounding is taken away for the time of the sum. */
function withScaleOf<T>(model: Ciphertext, value: Ciphertext, body: () => T): T {
  const scale = value.scale()
  if (scale === model.scale()) return body()
  invariant(isSameScale(scale, model.scale()), `values of scale ${scale} and ${model.scale()} cannot be added`)
  value.setScale(model.scale())
  try {
    return body()
  } finally {
    value.setScale(scale)
  }
}
