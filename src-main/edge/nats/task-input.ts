import { decodeResult, encodeResult, isKind } from '../../core/bundle/result.ts'
import { decodeValues, encodeValues } from '../../core/bundle/receipt.ts'
import { packInput } from '../../core/plan/packing.ts'
import { UserError } from '../../core/errors.ts'
import { inputLevel, type Plan } from '../../core/plan/plan.ts'
import { sha256 } from '../../files/sha256.ts'
import { loadSeal, PublicEncryptor, saveCiphertext, SealContext } from '../../seal/public.ts'
import type { Bundle } from '../../files/open-bundle.ts'
import { checkInput, type RunInput } from '../../core/plan/check-input.ts'

const notOurs = (): UserError =>
  new UserError('input-of-another-bundle', 'The input was made for another deployment or segment.')

/**
 * What travels as a segment's input: a file of ciphertexts for it, or, where the plan takes its input in the clear, the
 * preprocessed values as little-endian float64.
 * @throws UserError input-of-another-bundle, damaged-result, wrong-shape, input-out-of-range
 */
export function decodeTaskInput(bytes: Uint8Array, bundle: Bundle, segment: number, plan: Plan): RunInput {
  const input = plan.input.mode === 'plain' ? readValues(bytes) : decodeCiphertexts(bytes, bundle, segment)
  checkInput(plan, input)
  return input
}

function decodeCiphertexts(bytes: Uint8Array, { manifest }: Bundle, segment: number): Uint8Array[] {
  const kind = segment > 0 && manifest.cuts[segment - 1] === 'hand-off' ? 'handed' : 'refreshed'
  if (isKind(bytes, kind === 'handed' ? 'refreshed' : 'handed')) throw notOurs()
  const file = decodeResult(bytes, sha256, kind)
  if (file.deploymentId !== manifest.deploymentId || file.segment !== segment) throw notOurs()
  return [...file.ciphertexts]
}

function readValues(bytes: Uint8Array): Float64Array {
  const values = decodeValues(bytes)
  if (!values) throw notOurs()
  return values
}

/** Makes first segments' inputs of preprocessed values; it holds public keys only. */
export class InputEncoder {
  readonly plan: Plan
  readonly #bundle: Bundle
  readonly #context: SealContext | undefined
  readonly #encryptor: PublicEncryptor | undefined

  private constructor(plan: Plan, bundle: Bundle, context?: SealContext, encryptor?: PublicEncryptor) {
    this.plan = plan
    this.#bundle = bundle
    this.#context = context
    this.#encryptor = encryptor
  }

  /** The bundle may be closed afterwards. Throws UserError 'segment-elsewhere', 'damaged-bundle'. */
  static async load(bundle: Bundle): Promise<InputEncoder> {
    const first = bundle.segment(0)
    const plan = await bundle.plan(first)
    if (plan.input.mode === 'plain') return new InputEncoder(plan, bundle)
    const context = new SealContext(await loadSeal(), plan.parameters)
    return new InputEncoder(plan, bundle, context, new PublicEncryptor(context, await bundle.entry(first.publicKey)))
  }

  /** Throws UserError 'wrong-shape', 'input-out-of-range'. */
  encode(values: Float64Array): Uint8Array {
    checkInput(this.plan, values)
    const context = this.#context
    if (!context) return encodeValues(values)
    const ciphertexts = this.plan.input.sources.map((_, register) => {
      const { scale, primes } = inputLevel(this.plan, register)
      const ciphertext = this.#encryptor!.encrypt(packInput(this.plan, values, register), scale, primes)
      try {
        return saveCiphertext(context, ciphertext)
      } finally {
        ciphertext.delete()
      }
    })
    const { manifest, sha256: bundleSha256 } = this.#bundle
    const { deploymentId } = manifest
    return encodeResult({ deploymentId, bundleSha256, segment: 0, ciphertexts }, sha256, 'refreshed')
  }

  delete(): void {
    this.#encryptor?.delete()
    this.#context?.delete()
  }
}
