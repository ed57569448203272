import { basename } from 'node:path'
import { invariant } from '../core/errors.ts'
import type { RevealPolicy } from '../core/bundle/manifest.ts'
import type { WorkContext } from '../core/progress.ts'
import type { JobRequest } from '../ipc/jobs.ts'
import type { AuditLogView, Deployment, OpenedResult } from '../ipc/results.ts'
import { readAuditLog } from '../jobs/audit-log.ts'
import { decrypt } from '../jobs/decrypt.ts'
import {
  backUpKeys,
  changePassphrase,
  destroyKeys,
  listKeys,
  restoreKeys,
  revokeKeys,
  savePublicKey,
} from '../jobs/keys.ts'

export interface KeysJobRequest {
  /** Folder of the key store. */
  readonly keys: string
  readonly act: Extract<JobRequest, { job: 'keys' }>['act']
  readonly deployment?: string
  /** Where a backup or a public key goes to, or a backup comes from. */
  readonly file?: string
  /** The old passphrase and the new one. */
  readonly passphrase?: string
  readonly next?: string
  /** Deployments whose passphrase the operating system keeps. */
  readonly remembered: readonly string[]
}

/** Does one thing to the key store and lists what it then holds, without secrets or paths. */
export async function actOnKeys(
  { keys, act, deployment = '', file, passphrase, next, remembered }: KeysJobRequest,
  work: WorkContext,
): Promise<{ deployments: Deployment[] }> {
  if (act === 'revoke') await revokeKeys({ keys, deployment }, work)
  if (act === 'destroy') await destroyKeys({ keys, deployment }, work)
  if (act === 'change-passphrase') {
    invariant(passphrase !== undefined && next !== undefined, 'a passphrase is changed from one to another')
    await changePassphrase({ keys, deployment, passphrase, next }, work)
  }
  if (act === 'save-public-key') {
    invariant(file !== undefined, 'a public key goes somewhere')
    await savePublicKey({ keys, deployment, out: file, force: true }, work)
  }
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

export interface ResultJobRequest {
  readonly result: string
  readonly keys: string
  readonly deployment: string
  readonly passphrase: string
}

/** Tells what the deployment's policy allows of a result; counts as an answer. @throws UserError as `decrypt` */
export async function openResult(request: ResultJobRequest, work: WorkContext): Promise<OpenedResult> {
  const { result, keys, deployment, passphrase } = request
  return { ...(await decrypt({ result, keys, passphrase }, work)), fileName: basename(result), deployment }
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
