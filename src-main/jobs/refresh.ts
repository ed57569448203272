import { throwIfCancelled, type WorkContext } from '../core/progress.ts'
import { checkOutput } from '../files/write-atomically.ts'
import { refresh as refreshResult } from '../owner/refresh.ts'

export interface RefreshRequest {
  readonly result: string
  readonly keys: string
  readonly passphrase: string
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
export async function refresh(
  { result, keys, passphrase, out, force }: RefreshRequest,
  work: WorkContext,
): Promise<RefreshResult> {
  await checkOutput(out, { force })
  throwIfCancelled(work)
  work.progress({ kind: 'stage', stage: 'refresh' })
  return { refreshed: out, ...(await refreshResult({ result, keysFolder: keys, unlock: { passphrase }, out, force })) }
}
