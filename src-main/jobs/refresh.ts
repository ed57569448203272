import { throwIfCancelled, type WorkContext } from '../core/progress.ts'
import { checkOutput } from '../files/write-atomically.ts'
import { refresh as refreshResult } from '../owner/refresh.ts'
import { UnlockedKeyStore } from '../owner/unlocked-key-store.ts'
import { unlockOf, type UnlockRequest } from './unlock.ts'

export interface RefreshRequest extends UnlockRequest {
  readonly result: string
  readonly keys: string
  readonly out: string
  readonly force: boolean
}

export interface RefreshResult {
  readonly refreshed: string
  /** The segment that takes it, from 0. */
  readonly segment: number
  readonly bytes: number
}

/** @throws UserError nothing-to-refresh, result-of-another-bundle, wrong-passphrase, output-exists */
export async function refresh(request: RefreshRequest, work: WorkContext): Promise<RefreshResult> {
  const { result, keys, out, force } = request
  await checkOutput(out, { force })
  throwIfCancelled(work)
  work.progress({ kind: 'stage', stage: 'refresh' })
  const unlocked = new UnlockedKeyStore(keys, await unlockOf(request))
  return { refreshed: out, ...(await refreshResult({ result, keys: unlocked, out, force })) }
}
