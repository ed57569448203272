import type { Plaintext, SEALContext } from 'node-seal/throws'
import { getOrMake } from '../core/get-or-make.ts'
import { modPow } from '../core/numeric/primes.ts'
import type { CkksParameters } from '../core/plan/plan.ts'
import { filled, parsing, scoped } from './guard.ts'
import type { Seal } from './module.ts'

/** What this file needs of a SealContext. */
interface Encoding {
  readonly seal: Seal
  readonly context: SEALContext
  readonly parameters: CkksParameters
  encode(slots: Float64Array, scale: number, primes: number): Plaintext
}

/** Where SEAL's uncompressed plaintext has its residues: after its scale, and before them as [prime][coefficient]. */
const RESIDUES_START = 88
const SCALE_START = 56

/** The plaintext's residues, [prime][coefficient] in SEAL's transformed order. */
export function residuesOf(context: Encoding, plain: Plaintext): BigUint64Array {
  const bytes = plain.saveToArray(context.seal.bindings.ComprModeType.none) as Uint8Array
  return new BigUint64Array(bytes.slice(RESIDUES_START).buffer)
}

/** The plaintext with these residues at the level with `primes` primes. The caller deletes the result. */
export function plaintextFrom(context: Encoding, residues: BigUint64Array, primes: number, scale: number): Plaintext {
  const bytes = scoped((own) => {
    const like = own(context.encode(Float64Array.of(1), 2 ** 20, primes))
    return like.saveToArray(context.seal.bindings.ComprModeType.none) as Uint8Array
  }).slice()
  bytes.set(new Uint8Array(residues.buffer), RESIDUES_START)
  new DataView(bytes.buffer).setFloat64(SCALE_START, scale, true)
  return filled(new context.seal.bindings.Plaintext(), (plain) =>
    parsing('plaintext', () => plain.loadFromArray(context.context, bytes)),
  )
}

/** Monomials as plaintexts, which multiply exactly; kept until `delete`. */
export class Monomials {
  readonly #context: Encoding
  readonly #plaintexts = new Map<string, Plaintext>()
  /** Of each prime: `ψ^i` for `0 ≤ i < N`. */
  readonly #powers: BigUint64Array[] = []

  constructor(context: Encoding) {
    this.#context = context
  }

  /** Stays this object's. `0 ≤ exponent < 2N`. */
  plaintext(exponent: number, primes: number): Plaintext {
    const key = `${exponent} ${primes}`
    return getOrMake(this.#plaintexts, key, () =>
      plaintextFrom(this.#context, this.residues(exponent, primes), primes, 1),
    )
  }

  /** Index i of a prime is the evaluation at ψ^(2·reversed(i) + 1). */
  residues(exponent: number, primes: number): BigUint64Array {
    const { polyModulusDegree: n } = this.#context.parameters
    const out = new BigUint64Array(n * primes)
    const bits = Math.log2(n)
    for (let prime = 0; prime < primes; prime++) {
      const powers = this.#powersOf(prime)
      const p = BigInt(this.#context.parameters.primes[prime])
      for (let i = 0; i < n; i++) {
        const power = (exponent * (2 * reversed(i, bits) + 1)) % (2 * n)
        out[prime * n + i] = power < n ? powers[power] : p - powers[power - n]
      }
    }
    return out
  }

  delete(): void {
    for (const plain of this.#plaintexts.values()) plain.delete()
    this.#plaintexts.clear()
  }

  #powersOf(prime: number): BigUint64Array {
    const { polyModulusDegree: n, primes } = this.#context.parameters
    return (this.#powers[prime] ??= powersOfSmallestRoot(BigInt(primes[prime]), n))
  }
}

function reversed(value: number, bits: number): number {
  let out = 0
  for (let bit = 0; bit < bits; bit++) out |= ((value >> bit) & 1) << (bits - 1 - bit)
  return out
}

/** SEAL's ψ is the smallest primitive 2N-th root of unity. */
function powersOfSmallestRoot(p: bigint, n: number): BigUint64Array {
  const exponent = (p - 1n) / BigInt(2 * n)
  let root = 0n
  for (let base = 2n; root === 0n; base++) {
    const candidate = modPow(base, exponent, p)
    if (modPow(candidate, BigInt(n), p) === p - 1n) root = candidate
  }
  let smallest = root
  const square = (root * root) % p
  for (let i = 0, other = root; i < n; i++, other = (other * square) % p) if (other < smallest) smallest = other
  const powers = new BigUint64Array(n)
  for (let i = 0, value = 1n; i < n; i++, value = (value * smallest) % p) powers[i] = value
  return powers
}
