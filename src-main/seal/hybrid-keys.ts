import type { Ciphertext } from 'node-seal/throws'
import type { EvaluationKeyBytes } from '../core/bundle/material.ts'
import { InternalError, UserError } from '../core/errors.ts'
import { automorphism } from '../core/numeric/residue-ring.ts'
import { keyFormOf } from '../core/plan/key-form.ts'
import { KeySwitcher, type HybridKey, type Residues } from '../core/plan/switch-keys.ts'
import { saveCiphertext } from './ciphertext.ts'
import type { SealContext } from './context.ts'
import { expandPublicKey } from './encrypt.ts'
import { rotationGaloisIndex } from './galois.ts'
import { parsing } from './guard.ts'
import { packedBytes } from './packed.ts'
import { ciphertextHeader, RESIDUES_START, SCALE_START } from './seal-form.ts'

/** Hybrid keys, which SEAL does not know, on SEAL's ciphertexts: in plain numbers, where there are no kernels. */
export class HybridKeys {
  readonly #root: SealContext
  readonly #switcher: KeySwitcher
  readonly #relinearisation: HybridKey[] = []
  readonly #rotations = new Map<number, HybridKey[]>()

  /** `root` stays the caller's. */
  constructor(root: SealContext) {
    this.#root = root
    this.#switcher = new KeySwitcher(root.parameters)
  }

  /** @throws UserError damaged-data */
  add({ primes, relinearisation, galois }: EvaluationKeyBytes): void {
    if (relinearisation) this.#relinearisation.push(this.#expand(primes, relinearisation))
    if (!galois) return
    const keyBytes = galois.bytes.length / galois.steps.length
    galois.steps.forEach((step, i) => {
      const key = this.#expand(primes, galois.bytes.subarray(i * keyBytes, (i + 1) * keyBytes))
      this.#rotations.set(step, [...(this.#rotations.get(step) ?? []), key])
    })
  }

  relinearise(value: Ciphertext, out: Ciphertext): void {
    const [first, second, third] = this.#parts(value)
    const key = shortestFor(third.length, this.#relinearisation, 'relinearisation')
    const switched = this.#switcher.switchKeys(third, key)
    this.#load(out, value.scale(), [this.#sum(first, switched[0]), this.#sum(second, switched[1])])
  }

  rotate(value: Ciphertext, steps: number, out: Ciphertext): void {
    const n = this.#root.parameters.polyModulusDegree
    const from = automorphism(2 * rotationGaloisIndex(steps, n) + 1, n)
    const [first, second] = this.#parts(value).map((part) =>
      part.map((residues) => residues.map((_, i) => residues[from[i]])),
    )
    const key = shortestFor(second.length, this.#rotations.get(steps) ?? [], `rotation by ${steps}`)
    const switched = this.#switcher.switchKeys(second, key)
    this.#load(out, value.scale(), [this.#sum(first, switched[0]), switched[1]])
  }

  #expand(primes: number, packed: Uint8Array): HybridKey {
    const { parameters } = this.#root
    const context = this.#root.keyChain(primes)
    const n = parameters.polyModulusDegree
    const form = keyFormOf(parameters, primes)
    const count = Math.ceil(primes / form.digitPrimes)
    const bytes = packedBytes(n, context.parameters.primes)
    if (packed.length !== count * bytes) {
      throw new UserError('damaged-data', `A key has ${packed.length} bytes, not ${count * bytes}, as its plan says.`)
    }
    const chain = context.parameters.primes.length
    const digits = Array.from({ length: count }, (_, j) => {
      const words = expandPublicKey(context, packed.subarray(j * bytes, (j + 1) * bytes))
      return [0, 1].map((part) => polynomialsOf(words.subarray(part * chain * n), n, chain)) as unknown as [
        Residues,
        Residues,
      ]
    })
    return { form, dataPrimes: primes, digits }
  }

  #parts(value: Ciphertext): Float64Array[][] {
    const n = this.#root.parameters.polyModulusDegree
    const primes = value.coeffModulusSize()
    const words = new BigUint64Array(saveCiphertext(this.#root, value).slice(RESIDUES_START).buffer)
    return Array.from({ length: value.size() }, (_, part) =>
      polynomialsOf(words.subarray(part * primes * n), n, primes),
    )
  }

  #sum(left: Residues, right: Residues): Float64Array[] {
    return left.map((residues, index) => {
      const p = Number(this.#root.parameters.primes[index])
      return residues.map((x, i) => (x + right[index][i] >= p ? x + right[index][i] - p : x + right[index][i]))
    })
  }

  #load(out: Ciphertext, scale: number, parts: readonly Residues[]): void {
    const { polyModulusDegree: degree } = this.#root.parameters
    const primes = parts[0].length
    const parmsId = this.#root.parmsIdBytes(primes)
    const header = ciphertextHeader({ degree, primes, parmsId, scale, seeded: false })
    new DataView(header.buffer).setFloat64(SCALE_START, scale, true)
    const words = BigUint64Array.from({ length: 2 * primes * degree }, (_, at) => {
      const polynomial = Math.floor(at / degree)
      return BigInt(parts[Math.floor(polynomial / primes)][polynomial % primes][at % degree])
    })
    const bytes = new Uint8Array(header.length + words.byteLength)
    bytes.set(header)
    bytes.set(new Uint8Array(words.buffer), header.length)
    parsing('ciphertext', () => out.loadFromArray(this.#root.context, bytes))
  }
}

const polynomialsOf = (words: BigUint64Array, n: number, count: number): Float64Array[] =>
  Array.from({ length: count }, (_, at) => Float64Array.from(words.subarray(at * n, (at + 1) * n), Number))

/** Of those that serve so many primes. */
function shortestFor(primes: number, keys: readonly HybridKey[], what: string): HybridKey {
  const [key] = keys.filter(({ dataPrimes }) => dataPrimes >= primes).sort((a, b) => a.dataPrimes - b.dataPrimes)
  if (!key) throw new InternalError(`no key for ${what} with ${primes} primes`)
  return key
}
