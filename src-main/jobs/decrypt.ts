import type { RevealPolicy } from '../core/bundle/manifest.ts'
import { throwIfCancelled, type WorkContext } from '../core/progress.ts'
import { decrypt as openResult, type DecryptResult } from '../owner/decrypt.ts'
import type { Revealed } from '../owner/reveal.ts'
import { unlockOf, type UnlockRequest } from './unlock.ts'

export type { DecryptResult, Revealed, RevealPolicy }

export interface DecryptRequest extends UnlockRequest {
  readonly result: string
  readonly keys: string
  /** The deployment's policy where it is left open. */
  readonly reveal?: RevealPolicy
  /** Opens it although the budget is spent. */
  readonly beyondBudget?: boolean
}

/** @throws UserError budget-spent, quantities-have-no-labels, wrong-passphrase, damaged-result, result-of-another-bundle, deployment-revoked, file-… */
export async function decrypt(request: DecryptRequest, work: WorkContext): Promise<DecryptResult> {
  const { result, keys, reveal, beyondBudget } = request
  throwIfCancelled(work)
  work.progress({ kind: 'stage', stage: 'decrypt' })
  return await openResult({ result, keysFolder: keys, unlock: await unlockOf(request), reveal, beyondBudget })
}
