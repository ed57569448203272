import { invariant } from '../core/errors.ts'
import type { WorkContext } from '../core/progress.ts'
import { backUpKeys, destroyKeys, listKeys, restoreKeys, revokeKeys } from '../jobs/keys.ts'
import type { Deployment } from '../ipc/jobs.ts'

export interface KeysJobRequest {
  /** Folder of the key store. */
  readonly keys: string
  readonly act: 'list' | 'back-up' | 'restore' | 'revoke' | 'destroy'
  readonly deployment?: string
  /** Where a backup goes to or comes from. */
  readonly file?: string
}

/** Does one thing to the key store and lists what it then holds, without secrets or paths. */
export async function actOnKeys(
  { keys, act, deployment = '', file }: KeysJobRequest,
  work: WorkContext,
): Promise<{ deployments: Deployment[] }> {
  if (act === 'revoke') await revokeKeys({ keys, deployment }, work)
  if (act === 'destroy') await destroyKeys({ keys, deployment }, work)
  if (act === 'back-up' || act === 'restore') {
    invariant(file !== undefined, 'a backup has a file')
    // The dialog has asked whether an existing file may be replaced.
    if (act === 'back-up') await backUpKeys({ keys, deployment, out: file, force: true }, work)
    else await restoreKeys({ keys, backup: file }, work)
  }
  const deployments = await listKeys({ keys }, work)
  return {
    deployments: deployments.map(({ id, created, model, reveal, bundles, revoked }) => ({
      id,
      created,
      model: model.name,
      reveal: reveal.mode === 'top-k' ? `top ${reveal.k}` : reveal.mode,
      bundles: bundles.map(({ sha256, bytes, created: when }) => ({ sha256, bytes, created: when })),
      ...(revoked !== undefined && { revoked }),
    })),
  }
}
