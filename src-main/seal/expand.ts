import type { WeightSlot } from '../core/plan/plan.ts'
import { loadCiphertext, saveCiphertext } from './ciphertext.ts'
import type { SealContext } from './context.ts'
import { parsing, scoped } from './guard.ts'
import type { EvaluationKeyBytes } from './keys.ts'
import { unpackCiphertext, unpackKeys } from './packed.ts'

/** A bundle's weight in SEAL's form with both polynomials: what the kernels load. Throws UserError 'damaged-data'. */
export function expandWeight(context: SealContext, packed: Uint8Array, { primes, scale }: WeightSlot): Uint8Array {
  return scoped((own) => {
    const unpacked = unpackCiphertext(context, packed, primes, scale)
    return saveCiphertext(context, own(loadCiphertext(context, unpacked, { primes, scale })))
  })
}

/** A bundle's keys in SEAL's form without seeds. Throws UserError 'damaged-data'. */
export function expandKeys(
  root: SealContext,
  { primes, relinearisation, galois }: EvaluationKeyBytes,
): EvaluationKeyBytes {
  const context = root.chain(primes)
  const { bindings } = root.seal
  return scoped((own) => {
    const expand = (
      empty: InstanceType<typeof bindings.RelinKeys> | InstanceType<typeof bindings.GaloisKeys>,
      packed: Uint8Array,
      steps?: readonly number[],
    ): Uint8Array => {
      const keys = own(empty)
      parsing('key', () => keys.loadFromArray(context.context, unpackKeys(context, packed, steps)))
      return keys.saveToArray(bindings.ComprModeType.none) as Uint8Array
    }
    return {
      primes,
      ...(relinearisation && { relinearisation: expand(new bindings.RelinKeys(), relinearisation) }),
      ...(galois && {
        galois: { steps: galois.steps, bytes: expand(new bindings.GaloisKeys(), galois.bytes, galois.steps) },
      }),
    }
  })
}
