import { UserError } from '../core/errors.ts'
import type { Plan, WeightIndex } from '../core/plan/plan.ts'
import { isSameScale, type KernelMaterial, type KernelValue, type KeyPlace } from './kernel-evaluator.ts'
import type { KeyRoom, MemoryLayout } from './memory-layout.ts'
import { galoisElement, inverseElement } from './number-theory.ts'
import { parmsId } from './parms-id.ts'
import { newCiphertext, readCiphertext, readKeys, readPlaintext, type SealPolynomials } from './seal-bytes.ts'
import type { Kernels } from './wasm.ts'

/** Takes SEAL's serialised public material into the kernels' memory, and gives results back. */
export class KernelStore implements KernelMaterial {
  readonly #memory: WebAssembly.Memory
  readonly #kernels: Kernels
  readonly #plan: Plan
  readonly #layout: MemoryLayout
  readonly #n: number
  readonly #primes: readonly bigint[]
  readonly #weights: (KernelValue | undefined)[]
  readonly #keys = new Set<KeyRoom>()

  constructor(memory: WebAssembly.Memory, kernels: Kernels, plan: Plan, layout: MemoryLayout) {
    this.#memory = memory
    this.#kernels = kernels
    this.#plan = plan
    this.#layout = layout
    this.#n = plan.parameters.polyModulusDegree
    this.#primes = plan.parameters.primes.map(BigInt)
    this.#weights = plan.weights.map(() => undefined)
  }

  weight(index: WeightIndex): KernelValue {
    return this.#weights[index] ?? missing(`weight ${index}`)
  }

  relinearisationKey(primes: number): KeyPlace {
    return this.#keyPlace(this.#layout.relinearisation, primes, 'the relinearisation key')
  }

  rotationKey(steps: number, primes: number): KeyPlace {
    return this.#keyPlace(this.#layout.rotations.get(steps), primes, `the Galois key of ${steps} steps`)
  }

  /** An encrypted weight of two parts at the level and scale that the plan says. */
  loadWeight(index: WeightIndex, bytes: Uint8Array): void {
    const { primes, scale } = this.#plan.weights[index]
    const weight = readCiphertext(bytes, this.#n)
    const value = { address: this.#layout.weights[index], parts: 2, primes, scale: weight.scale }
    this.#fill({ ...value, scale }, weight)
    this.#weights[index] = value
  }

  /** Fills an input: a ciphertext, or a plaintext where the input is clear. */
  loadInput(value: KernelValue, bytes: Uint8Array): void {
    this.#fill(value, value.parts === 1 ? readPlaintext(bytes, this.#n) : readCiphertext(bytes, this.#n))
  }

  loadRelinearisationKey(bytes: Uint8Array): void {
    const room = this.#layout.relinearisation
    const digits = readKeys(bytes, this.#n).get(0)
    if (room && digits) this.#loadKey(room, digits, false)
  }

  /** One or more Galois keys; those that the plan does not use are skipped. */
  loadGaloisKeys(bytes: Uint8Array): void {
    const keys = readKeys(bytes, this.#n)
    for (const [steps, room] of this.#layout.rotations) {
      const element = galoisElement(steps, this.#n)
      const digits = keys.get((element - 1) / 2)
      if (!digits || this.#keys.has(room)) continue
      this.#kernels.writePermutation(room.permutation, this.#n, inverseElement(element, this.#n))
      this.#loadKey(room, digits, true)
    }
  }

  /** A value in SEAL's uncompressed form. */
  save(value: KernelValue): Uint8Array {
    const { address, parts, primes, scale } = value
    const { bytes, residues } = newCiphertext(parts, primes, this.#n, scale, this.#levelId(primes))
    const polynomial = 8 * this.#n
    const copy = this.#layout.ring.scratch
    for (let at = 0; at < residues.length; at += polynomial) {
      this.#kernels.exportResidues(copy, address + at, this.#n)
      residues.set(new Uint8Array(this.#memory.buffer, copy, polynomial), at)
    }
    return bytes
  }

  #keyPlace(room: KeyRoom | undefined, primes: number, what: string): KeyPlace {
    if (!room || room.dataPrimes < primes || !this.#keys.has(room)) return missing(what)
    return { key: room.key, primes: room.dataPrimes + 1, permutation: room.permutation }
  }

  #levelId(primes: number): Uint8Array {
    return parmsId(this.#n, this.#primes.slice(0, primes))
  }

  #fill(value: KernelValue, source: SealPolynomials): void {
    const { address, parts, primes, scale } = value
    if (source.parts !== parts || source.primes !== primes || !isSameScale(source.scale, scale)) {
      throw unlikePlan('A ciphertext has another size, level or scale than the plan says.')
    }
    if (!isSameId(source.parmsId, this.#levelId(primes))) throw foreign()
    for (let index = 0; index < parts * primes; index++) {
      this.#importPolynomial(address + 8 * this.#n * index, source, index, index % primes)
    }
  }

  /** A rotation's digits are stored as the inverse rotation permutes them; see docs/kernels.md. */
  #loadKey(room: KeyRoom, digits: readonly SealPolynomials[], rotation: boolean): void {
    const kept = room.dataPrimes
    const special = this.#primes.length - 1
    const chain = digits.length
    if (chain < kept) return
    const id = parmsId(this.#n, [...this.#primes.slice(0, chain), this.#primes[special]])
    const copy = this.#layout.ring.scratch
    digits.slice(0, kept).forEach((digit, index) => {
      if (digit.parts !== 2 || digit.primes !== chain + 1) throw unlikePlan('A key’s digit has a wrong size.')
      if (!isSameId(digit.parmsId, id)) throw foreign()
      for (let part = 0; part < 2; part++) {
        for (let prime = 0; prime <= kept; prime++) {
          const target = room.key + 8 * this.#n * ((2 * index + part) * (kept + 1) + prime)
          const from = part * (chain + 1) + (prime === kept ? chain : prime)
          this.#importPolynomial(rotation ? copy : target, digit, from, prime === kept ? special : prime)
          if (rotation) this.#kernels.gather(target, copy, room.permutation, this.#n)
        }
      }
    })
    this.#keys.add(room)
  }

  #importPolynomial(target: number, source: SealPolynomials, index: number, prime: number): void {
    const polynomial = 8 * this.#n
    const words = source.residues.subarray(index * polynomial, (index + 1) * polynomial)
    new Uint8Array(this.#memory.buffer, target, polynomial).set(words)
    if (!this.#kernels.importResidues(target, target, this.#n, Number(this.#primes[prime]))) {
      throw unlikePlan('A residue is not below its prime.')
    }
  }
}

const isSameId = (left: Uint8Array, right: Uint8Array): boolean => left.every((byte, index) => byte === right[index])

const unlikePlan = (message: string): UserError => new UserError('damaged-ciphertext', message)

const foreign = (): UserError =>
  new UserError('foreign-ciphertext', 'A ciphertext or key was made for other encryption parameters.')

function missing(what: string): never {
  throw new UserError('missing-material', `The bundle lacks ${what}.`)
}
