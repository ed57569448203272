import { packInput } from '../core/plan/packing.ts'
import { decodeResult, encodeResult, MAX_RESULT_BYTES, type EncryptedResult } from '../core/bundle/result.ts'
import { UserError } from '../core/errors.ts'
import { inputLevel, isInputAtOneLevel, type Plan } from '../core/plan/plan.ts'
import { applyOwnerStep, type OwnerStep } from '../core/segment/owner-step.ts'
import { readBytes } from '../files/read-file.ts'
import { sha256 } from '../files/sha256.ts'
import { checkInput } from '../core/plan/check-input.ts'
import { writeAtomically } from '../files/write-atomically.ts'
import { loadSeal, SealContext } from '../seal/public.ts'
import { OwnerKey } from '../seal/secret.ts'
import { REFUSAL_BITS } from './budget/bits.ts'
import { isTelling } from './budget/budget.ts'
import { findDeployment, ResultOpener } from './decrypt.ts'
import { cutAfter, secretName, stepName, type Deployment } from './deployment.ts'
import { decodeStep } from './step-json.ts'
import { storedPlan } from './stored-plan.ts'
import type { UnlockedKeyStore } from './unlocked-key-store.ts'

export interface RefreshRequest {
  /** What a segment before a refresh computed. */
  readonly result: string
  readonly keys: UnlockedKeyStore
  readonly out: string
  readonly force?: boolean
}

/**
 * Decrypts what a segment computed, applies the activations that stay exact there, and encrypts it for the next one,
 * under that one's key and packing. The values never leave this process in the clear.
 * @throws UserError nothing-to-refresh, result-of-another-bundle, input-out-of-range, wrong-passphrase, output-exists
 */
export async function refresh(request: RefreshRequest): Promise<{ segment: number; bytes: number }> {
  const result = decodeResult(await readBytes(request.result, MAX_RESULT_BYTES), sha256)
  const deployment = await findDeployment(request.keys.store, result)
  const refresher = await Refresher.load(request.keys, deployment, result.segment)
  try {
    const file = encodeResult(await refreshOrCount(), sha256, 'refreshed')
    await writeAtomically(request.out, { force: request.force }, (handle) => handle.writeFile(file))
    return { segment: result.segment + 1, bytes: file.length }
  } finally {
    refresher.delete()
  }

  /** A refusal tells of what was decrypted. */
  async function refreshOrCount(): Promise<EncryptedResult> {
    try {
      return refresher.refresh(result)
    } catch (error) {
      if (!(error instanceof UserError) || isTelling(error.code)) {
        await request.keys.store.ledger.spend(deployment.id, { bits: REFUSAL_BITS }, { bits: Infinity })
      }
      throw error
    }
  }
}

/** The keys of two neighbouring segments, loaded and ready to refresh any number of results. */
export class Refresher {
  readonly #opener: ResultOpener
  readonly #step: OwnerStep | undefined
  readonly #plan: Plan
  readonly #context: SealContext
  readonly #key: OwnerKey

  private constructor(
    opener: ResultOpener,
    step: OwnerStep | undefined,
    plan: Plan,
    context: SealContext,
    key: OwnerKey,
  ) {
    this.#opener = opener
    this.#step = step
    this.#plan = plan
    this.#context = context
    this.#key = key
  }

  /** @throws UserError nothing-to-refresh, wrong-passphrase */
  static async load(keys: UnlockedKeyStore, deployment: Deployment, segment: number): Promise<Refresher> {
    const kind = cutAfter(deployment, segment)
    if (kind === undefined || kind === 'hand-off') throw nothingToRefresh(kind)
    const { id, update } = deployment
    const plan = await storedPlan(keys.store, deployment, segment + 1)
    const step = kind === 'exact' ? decodeStep(await keys.readSecret(id, stepName(segment, update))) : undefined
    const opener = await ResultOpener.load(keys, deployment, segment)
    const secret = await keys.readSecret(id, secretName(segment + 1))
    try {
      const context = new SealContext(await loadSeal(), plan.parameters, { firstLevelOnly: isInputAtOneLevel(plan) })
      return new Refresher(opener, step, plan, context, OwnerKey.load(context, secret))
    } finally {
      secret.fill(0)
    }
  }

  refresh(result: EncryptedResult): EncryptedResult {
    const opened = this.#opener.open(result)
    const values = this.#step ? applyOwnerStep(this.#step, opened, this.#plan.batch) : opened
    // A ciphertext that is not what it should be decrypts to values of any size.
    checkInput(this.#plan, values)
    const ciphertexts = this.#plan.input.sources.map((_, register) => {
      const { scale, primes } = inputLevel(this.#plan, register)
      return this.#key.encrypt(packInput(this.#plan, values, register), scale, primes)
    })
    opened.fill(0)
    values.fill(0)
    const { deploymentId, bundleSha256, job } = result
    return { deploymentId, bundleSha256, segment: result.segment + 1, ciphertexts, ...(job !== undefined && { job }) }
  }

  delete(): void {
    this.#opener.delete()
    this.#key.delete()
    this.#context.delete()
  }
}

const nothingToRefresh = (kind: 'hand-off' | undefined): UserError =>
  kind === undefined
    ? new UserError('nothing-to-refresh', 'The result is that of the last segment.', { hint: 'Decrypt it.' })
    : new UserError('nothing-to-refresh', 'The segment hands its result to the next node as it is.', {
        hint: 'Give it to the next segment as input.',
      })
