import type { CKKSEncoder, Evaluator, ParmsIdType, Plaintext, SEALContext } from 'node-seal/throws'
import { InternalError, invariant, UserError } from '../core/errors.ts'
import { getOrMake } from '../core/get-or-make.ts'
import { lastOf } from '../core/must.ts'
import { dataPrimesOf, slotsOf, type CkksParameters } from '../core/plan/plan.ts'
import { allPrimesOf, keyChainOf } from '../core/plan/key-form.ts'
import { isSecure } from '../core/plan/security.ts'
import { filled, guarded, scoped } from './guard.ts'
import { checkHeap, type Seal } from './module.ts'
import { Monomials } from './monomials.ts'

export interface ContextOptions {
  /** Accepts parameters that protect nothing. Unit tests only. */
  readonly insecureForTests?: boolean
  /** Enough to encrypt at the first level, and made in a fraction of the time and memory; an owner's key also encrypts at others. */
  readonly firstLevelOnly?: boolean
}

/** SEAL's tables for one modulus chain, and the encoding of slot vectors on it. Owns what it holds until `delete`. */
export class SealContext {
  readonly seal: Seal
  readonly parameters: CkksParameters
  readonly context: SEALContext
  readonly evaluator: Evaluator
  readonly #options: ContextOptions
  readonly #encoder: CKKSEncoder
  /** By number of data primes left. */
  readonly #parmsIds = new Map<number, ParmsIdType>()
  readonly #chains = new Map<number, SealContext>()
  readonly #keyChains = new Map<number, SealContext>()
  readonly monomials = new Monomials(this)
  /** By slots and primes left. */
  readonly #masks = new Map<Int32Array, Map<string, Plaintext>>()

  /** @throws UserError insecure-parameters */
  constructor(seal: Seal, parameters: CkksParameters, options: ContextOptions = {}) {
    if (!options.insecureForTests && !isSecure(parameters)) {
      throw new UserError('insecure-parameters', 'The encryption parameters are below 128 bits of security.')
    }
    checkHeap(seal)
    this.seal = seal
    this.parameters = parameters
    this.#options = options
    this.context = createContext(seal, parameters, options)
    this.evaluator = new seal.bindings.Evaluator(this.context)
    this.#encoder = new seal.bindings.CKKSEncoder(this.context)
    let data = this.context.firstContextData()
    const last = options.firstLevelOnly ? this.dataPrimes : 1
    for (let primes = this.dataPrimes; primes >= last; primes -= 1) {
      this.#parmsIds.set(primes, data.parmsId())
      const next = primes > last ? data.nextContextData() : data
      if (next !== data) data.delete()
      data = next
    }
    data.delete()
  }

  get dataPrimes(): number {
    return dataPrimesOf(this.parameters)
  }

  get slots(): number {
    return slotsOf(this.parameters)
  }

  /**
   * The context of the first `primes` data primes and the same special prime, made once and owned by this one.
   * Ciphertexts carry over, since SEAL's parms_id of a data level is the hash of its own primes; keys made on
   * a shorter chain are smaller.
   */
  chain(primes: number): SealContext {
    if (primes === this.dataPrimes) return this
    const shorter = (): SealContext =>
      new SealContext(this.seal, truncateParameters(this.parameters, primes), this.#options)
    return getOrMake(this.#chains, primes, shorter)
  }

  /** The context whose key level has the primes of a hybrid key's chain; made once and owned by this one. */
  keyChain(dataPrimes: number): SealContext {
    return getOrMake(this.#keyChains, dataPrimes, () => {
      const { polyModulusDegree } = this.parameters
      const all = allPrimesOf(this.parameters)
      const primes = keyChainOf(this.parameters, dataPrimes).map((index) => all[index])
      return new SealContext(this.seal, { polyModulusDegree, primes }, { ...this.#options, firstLevelOnly: true })
    })
  }

  /** Not of every level where it was made for the first only. */
  hasLevel(primes: number): boolean {
    return this.#parmsIds.has(primes)
  }

  parmsId(primes: number): ParmsIdType {
    const id = this.#parmsIds.get(primes)
    invariant(id, `no level has ${primes} primes`)
    return id
  }

  parmsIdBytes(primes: number): Uint8Array {
    return bytesOf(this.parmsId(primes))
  }

  keyParmsIdBytes(): Uint8Array {
    return scoped((own) => bytesOf(own(this.context.keyParmsId())))
  }

  /** Slots to plaintext at the level with `primes` primes; missing slots are 0. The caller deletes the result. */
  encode(slots: Float64Array, scale: number, primes: number): Plaintext {
    this.#checkEncodable(slots, scale, primes)
    return filled(new this.seal.bindings.Plaintext(), (plain) =>
      guarded('encode', () => {
        this.#encoder.encode(slots, scale, plain)
        if (primes < this.dataPrimes) this.evaluator.plainModSwitchToInplace(plain, this.parmsId(primes))
      }),
    )
  }

  /** 1 in these slots and 0 in the others; made once, and stays this object's. */
  mask(slots: Int32Array, scale: number, primes: number): Plaintext {
    const levels = getOrMake(this.#masks, slots, () => new Map<string, Plaintext>())
    return getOrMake(levels, `${primes} ${scale}`, () => {
      const kept = new Float64Array(this.slots)
      for (const slot of slots) kept[slot] = 1
      return this.encode(kept, scale, primes)
    })
  }

  decode(plain: Plaintext): Float64Array {
    return guarded('decode', () => Float64Array.from(this.#encoder.decodeFloat64(plain) as Float64Array))
  }

  delete(): void {
    this.monomials.delete()
    for (const levels of this.#masks.values()) for (const plain of levels.values()) plain.delete()
    for (const chain of [...this.#chains.values(), ...this.#keyChains.values()]) chain.delete()
    for (const id of this.#parmsIds.values()) id.delete()
    this.#encoder.delete()
    this.evaluator.delete()
    this.context.delete()
  }

  #checkEncodable(slots: Float64Array, scale: number, primes: number): void {
    invariant(slots.length <= this.slots, `${slots.length} values do not fit ${this.slots} slots`)
    invariant(Number.isFinite(scale) && scale >= 1, `scale ${scale} is out of range`)
    let largest = 0
    for (const value of slots) {
      if (!Number.isFinite(value)) throw new InternalError('a value to be encrypted is not finite')
      largest = Math.max(largest, Math.abs(value))
    }
    const modulusBits = this.parameters.primes
      .slice(0, primes)
      .reduce((bits, prime) => bits + Math.log2(Number(prime)), 0)
    invariant(
      Math.log2(largest) + Math.log2(scale) < modulusBits - 1,
      `a value of ${largest} at scale 2^${Math.log2(scale).toFixed(1)} exceeds the modulus of ${modulusBits.toFixed(1)} bits`,
    )
  }
}

const bytesOf = (id: ParmsIdType): Uint8Array => new Uint8Array((id.values() as BigUint64Array).slice().buffer)

function truncateParameters(parameters: CkksParameters, primes: number): CkksParameters {
  invariant(primes >= 1 && primes <= dataPrimesOf(parameters), `no chain has ${primes} primes`)
  const { polyModulusDegree, primes: chain } = parameters
  return { polyModulusDegree, primes: [...chain.slice(0, primes), lastOf(chain)] }
}

function createContext(seal: Seal, parameters: CkksParameters, options: ContextOptions): SEALContext {
  const { bindings } = seal
  return scoped((own) => {
    const primes = own(new bindings.VectorModulus())
    const literal = own(new bindings.EncryptionParameters(bindings.SchemeType.ckks))
    for (const prime of parameters.primes) primes.push_back(own(new bindings.Modulus(BigInt(prime))))
    return filled(
      guarded('create a context', () => {
        literal.setPolyModulusDegree(parameters.polyModulusDegree)
        literal.setCoeffModulus(primes)
        const { none, tc128 } = bindings.SecLevelType
        return new bindings.SEALContext(literal, !options.firstLevelOnly, options.insecureForTests ? none : tc128)
      }),
      (context) => {
        if (!context.parametersSet()) throw new InternalError('SEAL refuses the encryption parameters')
      },
    )
  })
}
