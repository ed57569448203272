import { packInput } from '../core/plan/packing.ts'
import { encryptionKeyOf, type SeededInput } from '../core/bundle/receipt.ts'
import { invariant } from '../core/errors.ts'
import { inputLevel, type Plan } from '../core/plan/plan.ts'
import { sha256 } from '../files/sha256.ts'
import { kernelSupport, openKernels, type OpenKernels } from '../kernels/open-kernels.ts'
import { parmsId } from '../kernels/parms-id.ts'
import { embedPortably, encryptPortably } from '../kernels/portable-encryption.ts'
import { newCiphertext, newPlaintext } from '../kernels/seal-bytes.ts'
import { expandPublicKey, loadSeal, SealContext } from '../seal/public.ts'
import type { Bundle } from '../files/open-bundle.ts'
import { isCiphertexts, seeded, type SegmentInput } from './segment-runner.ts'

/** Makes the input ciphertexts of a segment from a seed, or encoded plaintexts where its input stays in the clear. */
export interface InputEncryptor {
  readonly plan: Plan
  /** One for each register, as SEAL saves them. The input is known to fit the plan. */
  encrypt(input: SeededInput): Uint8Array[]
  close(): Promise<void>
}

/** What a run on node-seal begins with: one saved input per register, and the hashes of those that are encrypted. */
export function savedInputs(
  plan: Plan,
  input: SegmentInput,
  encryptor: InputEncryptor | undefined,
): { saved: readonly Uint8Array[]; inputs: readonly string[] } {
  if (isCiphertexts(input)) return { saved: input, inputs: input.map(sha256) }
  invariant(encryptor, 'only the first segment encrypts')
  const saved = encryptor.encrypt(seeded(input))
  return { saved, inputs: plan.input.mode === 'plain' ? [] : saved.map(sha256) }
}

/** Takes the kernels where they work, in a memory of their own. Throws UserError 'segment-elsewhere', 'damaged-bundle'. */
export async function loadInputEncryptor(bundle: Bundle, segmentIndex: number): Promise<InputEncryptor> {
  const segment = bundle.segment(segmentIndex)
  const plan = await bundle.plan(segment)
  const publicKey = plan.input.mode === 'plain' ? undefined : await bundle.entry(segment.publicKey)
  const bare = inputsOnly(plan)
  if (kernelSupport(bare).kind === 'node-seal') return new PortableEncryptor(plan, await expanded(plan, publicKey))
  const { polyModulusDegree } = plan.parameters
  const requirements = {
    ...{ valueBytes: 16 * polyModulusDegree * plan.input.primes, tableWords: 0, sharedPolynomials: 0 },
    ...{ relinearisePrimes: 0, rotationPrimes: new Map<number, number>() },
  }
  const kernels = await openKernels(bare, { inputs: publicKey ? 'encrypt' : 'encode', requirements })
  try {
    if (publicKey) kernels.store.loadPublicKey(publicKey)
  } catch (error) {
    await kernels.close()
    throw error
  }
  return new KernelEncryptor(plan, kernels)
}

const inputsOnly = (plan: Plan): Plan => ({
  ...plan,
  weights: [],
  instructions: [],
  layers: [],
  output: { ...plan.output, registers: [] },
})

class KernelEncryptor implements InputEncryptor {
  readonly plan: Plan
  readonly #kernels: OpenKernels

  constructor(plan: Plan, kernels: OpenKernels) {
    this.plan = plan
    this.#kernels = kernels
  }

  encrypt(input: SeededInput): Uint8Array[] {
    const { evaluator, store, encodeInput, encryptInput } = this.#kernels
    return this.plan.input.sources.map((_, register) => {
      const slots = packInput(this.plan, input.values, register)
      const value =
        this.plan.input.mode === 'plain'
          ? encodeInput(slots, register)
          : encryptInput(slots, encryptionKeyOf(input, register, sha256), register)
      const bytes = store.save(value)
      evaluator.release(value)
      return bytes
    })
  }

  close(): Promise<void> {
    return this.#kernels.close()
  }
}

/** The same words, a hundred times slower. */
class PortableEncryptor implements InputEncryptor {
  readonly plan: Plan
  readonly #publicKey: BigUint64Array | undefined

  constructor(plan: Plan, publicKey: BigUint64Array | undefined) {
    this.plan = plan
    this.#publicKey = publicKey
  }

  encrypt(input: SeededInput): Uint8Array[] {
    const { polyModulusDegree: n, primes: literals } = this.plan.parameters
    const primes = literals.map(BigInt)
    return this.plan.input.sources.map((_, register) => {
      const level = inputLevel(this.plan, register)
      const slots = packInput(this.plan, input.values, register)
      const id = parmsId(n, primes.slice(0, level.primes))
      const publicKey = this.#publicKey
      const key = encryptionKeyOf(input, register, sha256)
      const words = publicKey
        ? encryptPortably({ n, primes, publicKey }, slots, level, key)
        : embedPortably({ n, primes }, slots, level)
      const { bytes, residues } = publicKey
        ? newCiphertext(2, level.primes, n, level.scale, id)
        : newPlaintext(level.primes, n, level.scale, id)
      residues.set(new Uint8Array(words.buffer))
      return bytes
    })
  }

  async close(): Promise<void> {}
}

async function expanded(plan: Plan, publicKey: Uint8Array | undefined): Promise<BigUint64Array | undefined> {
  if (!publicKey) return undefined
  const context = new SealContext(await loadSeal(), plan.parameters, { firstLevelOnly: true })
  try {
    return expandPublicKey(context, publicKey)
  } finally {
    context.delete()
  }
}
