import type { Ciphertext, GaloisKeys, RelinKeys } from 'node-seal/throws'
import { InternalError } from '../core/errors.ts'
import { checkSerialised, polynomialBytes } from './ciphertext.ts'
import type { SealContext } from './context.ts'
import { filled, parsing } from './guard.ts'

/** Keys made on the chain of the first `primes` data primes; they serve values with at most so many. */
export interface EvaluationKeyBytes {
  readonly primes: number
  readonly relinearisation?: Uint8Array
  readonly galois?: { readonly steps: readonly number[]; readonly bytes: Uint8Array }
}

interface ChainKeys {
  readonly context: SealContext
  readonly relinearisation: RelinKeys | undefined
  readonly galois: GaloisKeys | undefined
  readonly steps: ReadonlySet<number>
}

/** Evaluation keys, each set with the context of its chain; picks the shortest chain that serves. */
export class SealKeys {
  readonly #root: SealContext
  /** Shortest chain first. */
  readonly #chains: ChainKeys[] = []

  /** Throws UserError 'damaged-data'. `root` stays the caller's. */
  constructor(root: SealContext, sets: readonly EvaluationKeyBytes[]) {
    this.#root = root
    try {
      for (const set of [...sets].sort((a, b) => a.primes - b.primes)) this.#chains.push(loadChain(root, set))
    } catch (error) {
      this.delete()
      throw error
    }
  }

  relinearise(value: Ciphertext, out: Ciphertext): void {
    const chain = this.#chainFor(value, (keys) => keys.relinearisation !== undefined, 'relinearisation')
    chain.context.evaluator.relinearize(value, chain.relinearisation!, out)
  }

  rotate(value: Ciphertext, steps: number, out: Ciphertext): void {
    const chain = this.#chainFor(value, (keys) => keys.steps.has(steps), `rotation by ${steps}`)
    chain.context.evaluator.rotateVector(value, steps, chain.galois!, out)
  }

  delete(): void {
    for (const { context, relinearisation, galois } of this.#chains) {
      relinearisation?.delete()
      galois?.delete()
      if (context !== this.#root) context.delete()
    }
    this.#chains.length = 0
  }

  #chainFor(value: Ciphertext, serves: (keys: ChainKeys) => boolean, what: string): ChainKeys {
    const primes = value.coeffModulusSize()
    const chain = this.#chains.find((keys) => keys.context.dataPrimes >= primes && serves(keys))
    if (!chain) throw new InternalError(`no key for ${what} with ${primes} primes`)
    return chain
  }
}

function loadChain(root: SealContext, set: EvaluationKeyBytes): ChainKeys {
  const { bindings } = root.seal
  const context = set.primes === root.dataPrimes ? root : root.truncated(set.primes)
  const loaded: { delete(): void }[] = []
  const load = <K extends RelinKeys | GaloisKeys>(what: string, empty: K, bytes: Uint8Array, keys: number): K => {
    // One key is `primes` ciphertexts of `primes + 1` residues; SEAL adds an index of at most N entries.
    const keyBytes = set.primes * (2 * polynomialBytes(root, set.primes + 1) + 512)
    checkSerialised(what, bytes, keys * keyBytes + polynomialBytes(root, 1) + 512)
    const key = filled(empty, () => parsing(what, () => empty.loadFromArray(context.context, bytes)))
    loaded.push(key)
    return key
  }
  try {
    return {
      context,
      relinearisation:
        set.relinearisation && load('relinearisation key', new bindings.RelinKeys(), set.relinearisation, 1),
      galois: set.galois && load('rotation keys', new bindings.GaloisKeys(), set.galois.bytes, set.galois.steps.length),
      steps: new Set(set.galois?.steps),
    }
  } catch (error) {
    for (const key of loaded) key.delete()
    if (context !== root) context.delete()
    throw error
  }
}
