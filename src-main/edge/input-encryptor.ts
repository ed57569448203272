import { packInput } from '../core/plan/packing.ts'
import { encryptionKeyOf, type SeededInput } from '../core/bundle/receipt.ts'
import type { Plan } from '../core/plan/plan.ts'
import { sha256 } from '../files/sha256.ts'
import { kernelSupport, openKernels, type OpenKernels } from '../kernels/open-kernels.ts'
import type { Bundle } from '../files/open-bundle.ts'
import { needSeal } from './need-seal.ts'
import type { InputEncryptor } from './saved-inputs.ts'

/** Takes the kernels where they work, in a memory of their own. @throws UserError segment-elsewhere, damaged-bundle, kernels-unsupported */
export async function loadInputEncryptor(bundle: Bundle, segmentIndex: number): Promise<InputEncryptor> {
  const segment = bundle.segment(segmentIndex)
  const plan = await bundle.plan(segment)
  const publicKey = plan.input.mode === 'plain' ? undefined : await bundle.entry(segment.publicKey)
  const bare = inputsOnly(plan)
  const support = kernelSupport(bare)
  if (support.kind === 'node-seal') {
    const { PortableEncryptor } = await needSeal(support.reason).encryptor()
    return await PortableEncryptor.load(plan, publicKey)
  }
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
