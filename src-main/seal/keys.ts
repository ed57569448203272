import type { Ciphertext, GaloisKeys, RelinKeys } from 'node-seal/throws'
import type { EvaluationKeyBytes } from '../core/bundle/material.ts'
import { InternalError } from '../core/errors.ts'
import type { SealContext } from './context.ts'
import { filled, parsing } from './guard.ts'
import { HybridKeys } from './hybrid-keys.ts'
import { checkHeap } from './module.ts'
import { unpackKeys } from './packed.ts'

interface ChainKey<K> {
  readonly context: SealContext
  readonly key: K
}

/** Evaluation keys, each with the context of its chain; picks the shortest chain that serves. Hybrid ones are none of SEAL's. */
export class SealKeys {
  readonly #root: SealContext
  readonly #relinearisation: ChainKey<RelinKeys>[] = []
  readonly #rotations = new Map<number, ChainKey<GaloisKeys>[]>()
  readonly #owned: (RelinKeys | GaloisKeys)[] = []
  #hybrid: HybridKeys | undefined

  /** `root` stays the caller's. */
  constructor(root: SealContext) {
    this.#root = root
    if (root.parameters.keySwitching) this.#hybrid = new HybridKeys(root)
  }

  /** Loads one set; its bytes are not kept. @throws UserError damaged-data */
  add(set: EvaluationKeyBytes): void {
    if (this.#hybrid) {
      this.#hybrid.add(set)
      return
    }
    const { primes, relinearisation, galois } = set
    const { bindings } = this.#root.seal
    const context = this.#root.chain(primes)
    if (relinearisation) {
      const key = this.#load('relinearisation key', context, new bindings.RelinKeys(), relinearisation)
      insert(this.#relinearisation, { context, key })
    }
    if (galois) {
      const { steps, bytes } = galois
      const key = this.#load('rotation keys', context, new bindings.GaloisKeys(), bytes, steps)
      for (const step of steps) {
        const chains = this.#rotations.get(step) ?? []
        this.#rotations.set(step, chains)
        insert(chains, { context, key })
      }
    }
  }

  relinearise(value: Ciphertext, out: Ciphertext): void {
    if (this.#hybrid) this.#hybrid.relinearise(value, out)
    else {
      const { context, key } = shortestFor(value, this.#relinearisation, 'relinearisation')
      context.evaluator.relinearize(value, key, out)
    }
  }

  rotate(value: Ciphertext, steps: number, out: Ciphertext): void {
    if (this.#hybrid) this.#hybrid.rotate(value, steps, out)
    else {
      const { context, key } = shortestFor(value, this.#rotations.get(steps) ?? [], `rotation by ${steps}`)
      context.evaluator.rotateVector(value, steps, key, out)
    }
  }

  delete(): void {
    for (const key of this.#owned) key.delete()
    this.#owned.length = 0
    this.#relinearisation.length = 0
    this.#rotations.clear()
    this.#hybrid = undefined
  }

  #load<K extends RelinKeys | GaloisKeys>(
    what: string,
    context: SealContext,
    empty: K,
    packed: Uint8Array,
    steps?: readonly number[],
  ): K {
    checkHeap(context.seal)
    const key = filled(empty, () =>
      parsing(what, () => empty.loadFromArray(context.context, unpackKeys(context, packed, steps))),
    )
    this.#owned.push(key)
    return key
  }
}

/** Keeps the shortest chain first. */
function insert<K>(chains: ChainKey<K>[], chain: ChainKey<K>): void {
  chains.push(chain)
  chains.sort((a, b) => a.context.dataPrimes - b.context.dataPrimes)
}

function shortestFor<K>(value: Ciphertext, chains: readonly ChainKey<K>[], what: string): ChainKey<K> {
  const primes = value.coeffModulusSize()
  const chain = chains.find(({ context }) => context.dataPrimes >= primes)
  if (!chain) throw new InternalError(`no key for ${what} with ${primes} primes`)
  return chain
}
