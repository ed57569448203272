import { unpack } from '../core/plan/packing.ts'
import { rehearse } from '../core/plan/rehearse.ts'
import { decodeResult, MAX_RESULT_BYTES, type EncryptedResult } from '../core/bundle/result.ts'
import type { RevealPolicy } from '../core/bundle/manifest.ts'
import { UserError } from '../core/errors.ts'
import type { Plan } from '../core/plan/plan.ts'
import { readBytes } from '../files/read-file.ts'
import { sha256 } from '../files/sha256.ts'
import { loadCiphertext, loadSeal, SealContext } from '../seal/public.ts'
import { OwnerKey } from '../seal/secret.ts'
import type { Unlock } from './age.ts'
import { REFUSAL_BITS } from './budget/bits.ts'
import { allowanceOf, allowedBits, budgetSpent, isTelling, priceOf } from './budget/budget.ts'
import { firstUnderKeyOf, refuseRevoked, secretName, type Deployment } from './deployment.ts'
import type { KeyStore } from './key-store.ts'
import { refuseNoise } from './plausible.ts'
import { refuseLabels, reveal, type Revealed } from './reveal.ts'
import { storedPlan } from './stored-plan.ts'
import { UnlockedKeyStore } from './unlocked-key-store.ts'
import { present } from '../core/must.ts'

export interface DecryptRequest {
  readonly result: string
  readonly keysFolder: string
  readonly unlock: Unlock
  /** The deployment's policy unless told otherwise. */
  readonly reveal?: RevealPolicy
  /** Opens the result although the budget is spent; the answer must not reach whoever computed it. */
  readonly beyondBudget?: boolean
}

/** Of the first image; of a batch, of all images too. */
export interface DecryptResult extends Revealed {
  readonly images?: readonly Revealed[]
}

/**
 * Decrypts a result file and tells what the policy permits, which counts against the deployment's budget.
 * @throws UserError budget-spent, quantities-have-no-labels, result-of-another-bundle, deployment-revoked and what `revealResult` does
 */
export async function decrypt(request: DecryptRequest): Promise<DecryptResult> {
  const result = decodeResult(await readBytes(request.result, MAX_RESULT_BYTES), sha256)
  const keys = new UnlockedKeyStore(request.keysFolder, request.unlock)
  const deployment = await findDeployment(keys.store, result)
  const policy = request.reveal ?? deployment.reveal
  refuseLabels(deployment.model.quantities, policy)
  const opener = await ResultOpener.load(keys, deployment, result.segment)
  try {
    return await paidFor(keys.store, deployment, policy, request.beyondBudget === true, () =>
      revealResult(opener, deployment, result, policy),
    )
  } finally {
    opener.delete()
  }
}

/** Counts an answer before it is made; a refusal that tells something costs a bit in its place. */
async function paidFor(
  store: KeyStore,
  deployment: Deployment,
  policy: RevealPolicy,
  beyondBudget: boolean,
  answer: () => DecryptResult,
): Promise<DecryptResult> {
  const { ledger } = store
  const { id } = deployment
  const price = priceOf(policy, deployment)
  const bits = beyondBudget ? Infinity : await allowedBits(store, deployment)
  if (!(await ledger.spend(id, price, allowanceOf(bits, deployment)))) throw budgetSpent(id)
  try {
    return answer()
  } catch (error) {
    const told = error instanceof UserError && !isTelling(error.code) ? 0 : REFUSAL_BITS
    await ledger.giveBack(id, { ...price, bits: price.bits - told })
    throw error
  }
}

/**
 * Opens a result of the last segment and tells what the policy permits.
 * @throws UserError not-the-last-segment, damaged-result, damaged-data, scores-too-noisy
 */
export function revealResult(
  opener: ResultOpener,
  deployment: Deployment,
  result: EncryptedResult,
  policy: RevealPolicy,
): DecryptResult {
  if (result.segment + 1 < deployment.segments) {
    throw new UserError(
      'not-the-last-segment',
      `The result is that of segment ${result.segment + 1} of ${deployment.segments}.`,
      {
        hint: 'Refresh it, and run the next segment.',
      },
    )
  }
  const images = opener.images(opener.open(result)).map((outputs) => reveal(outputs, deployment, policy))
  const first = present(images[0])
  return images.length === 1 ? first : { ...first, images }
}

/** @throws UserError result-of-another-bundle, deployment-revoked, superseded-bundle */
export async function findDeployment(store: KeyStore, result: EncryptedResult): Promise<Deployment> {
  const deployment = await store.read(result.deploymentId).catch((error: unknown) => {
    if (!(error instanceof UserError && error.code === 'unknown-deployment')) throw error
  })
  const known = deployment?.bundles.find(({ sha256 }) => sha256 === result.bundleSha256)
  if (!deployment || !known || result.segment >= deployment.segments) {
    throw new UserError('result-of-another-bundle', 'The result belongs to no bundle of this key store.', {
      hint: 'Use the key store with which the bundle was exported.',
    })
  }
  refuseRevoked(deployment)
  if (known.update !== deployment.update) {
    throw new UserError('superseded-bundle', 'The result was computed with weights that an update has replaced.', {
      hint: `Let the edge apply update ${deployment.update}, and run the input again.`,
    })
  }
  return deployment
}

/** The secret key of one segment, loaded and ready to open any number of results. */
export class ResultOpener {
  readonly #plan: Plan
  readonly #context: SealContext
  readonly #key: OwnerKey

  private constructor(plan: Plan, context: SealContext, key: OwnerKey) {
    this.#plan = plan
    this.#context = context
    this.#key = key
  }

  /** @throws UserError wrong-passphrase */
  static async load(keys: UnlockedKeyStore, deployment: Deployment, segment: number): Promise<ResultOpener> {
    const { id } = deployment
    const plan = await storedPlan(keys.store, deployment, segment)
    if (plan.output.handed) {
      throw new UserError('nothing-to-refresh', `Segment ${segment + 1} hands its result to the next node as it is.`, {
        hint: 'Give it to the next segment as input.',
      })
    }
    const secret = await keys.readSecret(id, secretName(firstUnderKeyOf(deployment, segment)))
    try {
      const context = new SealContext(await loadSeal(), plan.parameters)
      return new ResultOpener(plan, context, OwnerKey.load(context, secret))
    } finally {
      secret.fill(0)
    }
  }

  /**
   * The network's outputs, exact: they must not leave the owner but through `reveal`.
   * @throws UserError damaged-data, implausible-result
   */
  open({ ciphertexts }: EncryptedResult): Float64Array {
    const { registers } = this.#plan.output
    if (ciphertexts.length !== registers.length) {
      throw new UserError('damaged-result', 'The number of ciphertexts in the result differs from the plan.')
    }
    const { outputs } = rehearse(this.#plan)
    const slots = ciphertexts.map((bytes, i) => {
      const expected = present(outputs[i])
      const ciphertext = loadCiphertext(this.#context, bytes, expected)
      try {
        const values = this.#key.decrypt(ciphertext)
        refuseNoise(values, this.#plan.parameters, expected)
        return values
      } finally {
        ciphertext.delete()
      }
    })
    return unpack(this.#plan, this.#plan.output, slots)
  }

  /** The outputs of each image of a batch. */
  images(outputs: Float64Array): Float64Array[] {
    const each = outputs.length / this.#plan.batch
    return Array.from({ length: this.#plan.batch }, (_, i) => outputs.subarray(i * each, (i + 1) * each))
  }

  delete(): void {
    this.#key.delete()
    this.#context.delete()
  }
}
