import { invariant, UserError } from '../core/errors.ts'
import { must, present } from '../core/must.ts'
import { bitLength } from '../core/numeric/primes.ts'
import { allPrimesOf, keyChainOf } from '../core/plan/key-form.ts'
import type { Plan, WeightIndex } from '../core/plan/plan.ts'
import type { CommandSink } from './command-ring.ts'
import {
  isSameScale,
  type KernelEvaluator,
  type KernelMaterial,
  type KernelValue,
  type KeyPlace,
} from './kernel-evaluator.ts'
import type { KeyRoom, MemoryLayout } from './memory-layout.ts'
import { galoisElement, inverseElement, reverseBits } from './number-theory.ts'
import { conversionName } from './conversion-table.ts'
import { parmsId } from './parms-id.ts'
import { packedPartBytes, rootsOf } from './prime-table.ts'
import { runExpansion } from './rehearsal.ts'
import {
  newCiphertext,
  newPlaintext,
  readCiphertext,
  readKeys,
  readPlaintext,
  type SealPolynomials,
} from './seal-bytes.ts'
import type { Kernels } from './wasm.ts'

/** A packed ciphertext begins with its seed; its generator's buffers are of 4096 bytes. */
const SEED_BYTES = 64
const MIN_PACKED_DEGREE = 512
/** Tells the loading stages that the last primes are special ones. */
const KEY_DIGIT = 1

export interface KernelStoreParts {
  readonly memory: WebAssembly.Memory
  readonly kernels: Kernels
  readonly plan: Plan
  readonly layout: MemoryLayout
  readonly commands: CommandSink
  /** Encodes slots; there where the plan has masks. */
  readonly encode?: (slots: Float64Array, target: KernelValue) => void
}

/** Evaluation keys in the bundle's packed form, made on the chain of the first `primes` data primes. */
export interface PackedKeys {
  readonly primes: number
  readonly relinearisation?: Uint8Array
  /** In the order of the steps. */
  readonly galois?: { readonly steps: readonly number[]; readonly bytes: Uint8Array }
}

/**
 * Takes public material into the kernels' memory, in SEAL's serialised form with seeds expanded or in the
 * bundle's packed form (assembly/seed.ts), and gives results back. @throws UserError damaged-data
 */
export class KernelStore implements KernelMaterial {
  readonly #parts: KernelStoreParts
  readonly #layout: MemoryLayout
  readonly #n: number
  readonly #primes: readonly bigint[]
  readonly #weights: (KernelValue | undefined)[]
  readonly #keys = new Set<KeyRoom>()
  readonly #reversed: Uint32Array

  constructor(parts: KernelStoreParts) {
    const { plan, layout } = parts
    this.#parts = parts
    this.#layout = layout
    this.#n = plan.parameters.polyModulusDegree
    this.#primes = plan.parameters.primes.map(BigInt)
    this.#weights = plan.weights.map(() => undefined)
    const bits = Math.log2(this.#n)
    this.#reversed = Uint32Array.from({ length: this.#n }, (_, i) => reverseBits(i, bits))
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
    const { primes, scale } = this.#parts.plan.weights[index]
    const weight = readCiphertext(bytes, this.#n)
    this.#fill({ address: this.#layout.shared, parts: 2, primes, scale }, weight)
    this.#placeWeight(index, weight.scale)
  }

  /** Fills an input: a ciphertext, or a plaintext where the input is clear. */
  loadInput(value: KernelValue, bytes: Uint8Array): void {
    this.#fill(value, value.parts === 1 ? readPlaintext(bytes, this.#n) : readCiphertext(bytes, this.#n))
  }

  loadPackedWeight(index: WeightIndex, packed: Uint8Array): void {
    const { primes, scale } = this.#parts.plan.weights[index]
    this.#expand(packed, this.#primes.slice(0, primes))
    this.#placeWeight(index, scale)
  }

  /** A packed public key, which inputs are then encrypted with. */
  loadPublicKey(packed: Uint8Array): void {
    const target = this.#layout.input?.publicKey
    invariant(target, 'kernels: there is room for the public key')
    this.#expand(packed, this.#primes, 1)
    const { buffer } = this.#parts.memory
    for (let at = 0; at < 2 * this.#primes.length; at++) {
      const prime = Number(this.#primes[at % this.#primes.length])
      const residues = new Float64Array(buffer, this.#layout.shared + 8 * this.#n * at, this.#n)
      new Float64Array(buffer, target + 8 * this.#n * at, this.#n).set(
        residues.map((residue) => (2 * residue > prime ? residue - prime : residue)),
      )
    }
  }

  /** Expands the weights of one of the plan's expansions; the keys must be there. */
  loadExpansion(index: number, packed: Uint8Array, evaluator: KernelEvaluator): void {
    const { plan, layout } = this.#parts
    const expansion = present(plan.expansions)[index]
    const { primes, scale } = expansion.input
    this.#expand(packed, this.#primes.slice(0, primes))
    const value = evaluator.copy({ address: layout.shared, parts: 2, primes, scale })
    runExpansion(plan, expansion, evaluator, value, (weight, { address }) => {
      this.#placeWeight(weight, plan.weights[weight].scale, address)
    })
  }

  /** Looked up among the roots of each prime: index i holds ψ^(exponent · (2·reversed(i) + 1)). */
  fillMonomial({ address, primes }: KernelValue, exponent: number): void {
    const { memory, layout } = this.#parts
    const n = this.#n
    for (let index = 0; index < primes; index++) {
      const { p, roots } = rootsOf(memory, layout.ring.primeTable, index, n)
      const target = new Float64Array(memory.buffer, address + 8 * n * index, n)
      for (let i = 0; i < n; i++) {
        const power = (exponent * (2 * this.#reversed[i] + 1)) % (2 * n)
        const root = roots[this.#reversed[power % n]]
        const value = power < n ? root : -root
        target[i] = value < 0 ? value + p : value
      }
    }
  }

  fillMask(value: KernelValue, slots: Int32Array): void {
    const kept = new Float64Array(this.#n / 2)
    for (const slot of slots) kept[slot] = 1
    present(this.#parts.encode)(kept, value)
  }

  loadRelinearisationKey(bytes: Uint8Array): void {
    const room = this.#layout.relinearisation
    const digits = readKeys(bytes, this.#n).get(0)
    if (room && digits) this.#loadKey(room, digits)
  }

  /** One or more Galois keys; those that the plan does not use are skipped. */
  loadGaloisKeys(bytes: Uint8Array): void {
    const keys = readKeys(bytes, this.#n)
    for (const [steps, room] of this.#layout.rotations) {
      const digits = keys.get((galoisElement(steps, this.#n) - 1) / 2)
      if (digits) this.#loadKey(room, digits, steps)
    }
  }

  /** Keys on chains that are too short, or that the plan does not use, are skipped. */
  loadPackedKeys({ primes, relinearisation, galois }: PackedKeys): void {
    const { relinearisation: room, rotations } = this.#layout
    if (relinearisation && room) this.#loadPackedKey(room, relinearisation, primes)
    if (!galois) return
    const keyBytes = galois.bytes.length / galois.steps.length
    galois.steps.forEach((steps, index) => {
      const packed = galois.bytes.subarray(index * keyBytes, (index + 1) * keyBytes)
      const rotation = rotations.get(steps)
      if (rotation) this.#loadPackedKey(rotation, packed, primes, steps)
    })
  }

  /** A value in SEAL's uncompressed form. */
  save(value: KernelValue): Uint8Array {
    const { address, parts, primes, scale } = value
    const id = this.#levelId(primes)
    const { bytes, residues } =
      parts === 1 ? newPlaintext(primes, this.#n, scale, id) : newCiphertext(parts, primes, this.#n, scale, id)
    const polynomial = 8 * this.#n
    const copy = this.#layout.ring.scratch
    for (let at = 0; at < residues.length; at += polynomial) {
      this.#parts.kernels.exportResidues(copy, address + at, this.#n)
      residues.set(new Uint8Array(this.#parts.memory.buffer, copy, polynomial), at)
    }
    return bytes
  }

  #keyPlace(room: KeyRoom | undefined, primes: number, what: string): KeyPlace {
    if (!room || room.dataPrimes < primes || !this.#keys.has(room)) return missing(what)
    const { key, dataPrimes, form, permutation } = room
    const { address: conversion } = must(this.#layout.conversions, conversionName(form, primes))
    return { key, dataPrimes, form, permutation, conversion }
  }

  #levelId(primes: number): Uint8Array {
    return parmsId(this.#n, this.#primes.slice(0, primes))
  }

  #fill(value: KernelValue, source: SealPolynomials): void {
    const { address, parts, primes, scale } = value
    if (source.parts !== parts || source.primes !== primes || !isSameScale(source.scale, scale)) {
      throw unlikePlan('The size, level or scale of a ciphertext differs from the plan.')
    }
    if (!isSameId(source.parmsId, this.#levelId(primes))) throw foreign()
    for (let index = 0; index < parts * primes; index++) {
      this.#importPolynomial(address + 8 * this.#n * index, source, index, this.#primes[index % primes])
    }
  }

  #loadKey(room: KeyRoom, digits: readonly SealPolynomials[], steps?: number): void {
    const chain = this.#keyChain(digits.length)
    const id = parmsId(this.#n, chain)
    this.#placeKey(room, digits.length, steps, (index) => {
      const digit = digits[index]
      if (digit.parts !== 2 || digit.primes !== chain.length) throw unlikePlan('A key’s digit has a wrong size.')
      if (!isSameId(digit.parmsId, id)) throw foreign()
      for (let from = 0; from < 2 * chain.length; from++) {
        const address = this.#layout.shared + 8 * this.#n * from
        this.#importPolynomial(address, digit, from, chain[from % chain.length])
      }
    })
  }

  #loadPackedKey(room: KeyRoom, packed: Uint8Array, dataPrimes: number, steps?: number): void {
    const { digitPrimes, specialPrimes } = room.form
    // A hybrid key of another level has other digits, and is none of the plan's.
    if (this.#parts.plan.parameters.keySwitching && dataPrimes !== room.dataPrimes) return
    const digitBytes = packed.length / Math.ceil(dataPrimes / digitPrimes)
    const chain = this.#keyChain(dataPrimes)
    this.#placeKey(room, dataPrimes, steps, (index) => {
      const digit = packed.subarray(index * digitBytes, (index + 1) * digitBytes)
      this.#expand(digit, chain, specialPrimes)
    })
  }

  #keyChain(dataPrimes: number): bigint[] {
    const { parameters } = this.#parts.plan
    const all = allPrimesOf(parameters)
    return keyChainOf(parameters, dataPrimes).map((index) => BigInt(all[index]))
  }

  /** Keeps the digits and primes that the plan uses; `expandDigit` leaves each in the shared memory. */
  #placeKey(room: KeyRoom, dataPrimes: number, steps: number | undefined, expandDigit: (index: number) => void): void {
    const { kernels, commands } = this.#parts
    const { key, permutation, dataPrimes: kept, form } = room
    const { digitPrimes, specialPrimes } = form
    if (dataPrimes < kept || this.#keys.has(room)) return
    if (steps !== undefined) {
      kernels.writePermutation(permutation, this.#n, inverseElement(galoisElement(steps, this.#n), this.#n))
    }
    const digitBytes = 2 * packedPartBytes(this.#n, this.#keyChain(kept))
    const count = kept + specialPrimes
    for (let index = 0; index < Math.ceil(kept / digitPrimes); index++) {
      expandDigit(index)
      commands.submit({
        ...{ stage: 'pack', tasks: 2 * count, primes: dataPrimes + specialPrimes, count, other: permutation },
        ...{ source: this.#layout.shared, target: key + digitBytes * index, digits: KEY_DIGIT, specialPrimes },
      })
      commands.finish()
    }
    this.#keys.add(room)
  }

  /** Stores a ciphertext, in the shared memory unless told. */
  #placeWeight(index: WeightIndex, scale: number, source = this.#layout.shared): void {
    const { plan, commands } = this.#parts
    const { primes } = plan.weights[index]
    const target = this.#layout.weights[index]
    commands.submit({ stage: 'pack', tasks: 2 * primes, primes, count: primes, source, target })
    commands.finish()
    this.#weights[index] = { address: target, parts: 2, primes, scale, packed: true }
  }

  /** Expands a packed ciphertext over the given primes, of which a key's last ones are special, into the shared memory. */
  #expand(packed: Uint8Array, primes: readonly bigint[], specialPrimes = 0): void {
    const { memory, commands } = this.#parts
    invariant(this.#n >= MIN_PACKED_DEGREE, 'kernels: packed ciphertexts have at least one buffer for each prime')
    const bits = primes.reduce((sum, prime) => sum + bitLength(prime), 0)
    if (packed.length !== SEED_BYTES + (this.#n * bits) / 8) throw unlikePlan('A packed ciphertext has a wrong size.')
    const source = this.#layout.shared + 16 * this.#n * primes.length
    const other = source + 8 * this.#n * primes.length
    new Uint8Array(memory.buffer, source, packed.length).set(packed)
    const counters = new Int32Array(memory.buffer, other, 2).fill(0)
    const digits = specialPrimes > 0 ? KEY_DIGIT : 0
    const command = { primes: primes.length, source, target: this.#layout.shared, other, digits, specialPrimes }
    commands.submit({ ...command, stage: 'expand', tasks: primes.length })
    commands.submit({ ...command, stage: 'redraw', tasks: 1 })
    commands.finish()
    if (counters[0] > 0) throw unlikePlan('A residue is not below its prime.')
  }

  #importPolynomial(target: number, source: SealPolynomials, index: number, prime: bigint): void {
    const polynomial = 8 * this.#n
    const words = source.residues.subarray(index * polynomial, (index + 1) * polynomial)
    new Uint8Array(this.#parts.memory.buffer, target, polynomial).set(words)
    if (!this.#parts.kernels.importResidues(target, target, this.#n, Number(prime))) {
      throw unlikePlan('A residue is not below its prime.')
    }
  }
}

const isSameId = (left: Uint8Array, right: Uint8Array): boolean => left.every((byte, index) => byte === right[index])

const unlikePlan = (message: string): UserError => new UserError('damaged-data', message)

const foreign = (): UserError =>
  new UserError('damaged-data', 'A ciphertext or key was made for other encryption parameters.')

function missing(what: string): never {
  throw new UserError('damaged-bundle', `The bundle lacks ${what}.`)
}
