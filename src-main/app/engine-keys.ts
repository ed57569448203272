import { basename } from 'node:path'
import { invariant } from '../core/errors.ts'
import type { RevealPolicy } from '../core/bundle/manifest.ts'
import type { WorkContext } from '../core/progress.ts'
import type { AuditLogView, Deployment } from '../ipc/results.ts'
import { readAuditLog } from '../jobs/audit-log.ts'
import { backUpKeys, destroyKeys, listKeys, restoreKeys, revokeKeys } from '../jobs/keys.ts'

export interface KeysJobRequest {
  /** Folder of the key store. */
  readonly keys: string
  readonly act: 'list' | 'back-up' | 'restore' | 'revoke' | 'destroy' | 'forget-passphrase'
  readonly deployment?: string
  /** Where a backup goes to or comes from. */
  readonly file?: string
  /** Deployments whose passphrase the operating system keeps. */
  readonly remembered: readonly string[]
}

/** Does one thing to the key store and lists what it then holds, without secrets or paths. */
export async function actOnKeys(
  { keys, act, deployment = '', file, remembered }: KeysJobRequest,
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
    deployments: deployments.map(({ id, created, model, reveal, bundles, budget, revoked }) => ({
      id,
      created,
      model: model.name,
      reveal: revealName(reveal),
      bundles: bundles.map(({ sha256, bytes, created: when }) => ({ sha256, bytes, created: when })),
      ...(revoked !== undefined && { revoked }),
      budget,
      remembered: remembered.includes(id),
    })),
  }
}

export const revealName = (reveal: RevealPolicy): string => (reveal.mode === 'top-k' ? `top ${reveal.k}` : reveal.mode)

const mostShown = 500

/** Checks a gateway's log, and shows its end. @throws UserError broken-audit-log, file-not-found */
export async function readAudit({ auditLog }: { readonly auditLog: string }, work: WorkContext): Promise<AuditLogView> {
  const { records, lastHash, last } = await readAuditLog({ auditLog, last: mostShown }, work)
  const shown = last
    .map(({ sequence, time, event, deployment, token, reason, count }) => ({
      sequence,
      time,
      event,
      deployment,
      token,
      reason,
      count,
    }))
    .reverse()
  return { fileName: basename(auditLog), records, lastHash, shown }
}
