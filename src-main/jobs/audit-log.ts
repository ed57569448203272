import { throwIfCancelled, type WorkContext } from '../core/progress.ts'
import { verifyAuditLog, type AuditReport } from '../owner/gateway/audit-log.ts'
import type { AuditRecord } from '../owner/gateway/audit-record.ts'
import { knownSigners } from '../owner/gateway/open-audit-log.ts'
import { KeyStore } from '../owner/key-store.ts'

export interface AuditLogRequest {
  readonly auditLog: string
  /** The key store whose deployments must have signed it; without it any key may have. */
  readonly keys?: string
  /** How many of the newest records are handed back. */
  readonly last?: number
}

/** What a log says of one deployment. */
export interface LoggedDeployment {
  readonly deployment: string
  readonly released: number
  readonly refreshed: number
  readonly refused: number
  readonly bitsSpent: number
  readonly audits: { readonly done: number; readonly passed: number; readonly failed: number }
}

export interface AuditLogResult extends AuditReport {
  readonly deployments: readonly LoggedDeployment[]
  readonly last: readonly AuditRecord[]
}

/**
 * Checks the chain and the signatures of an audit log, and sums up what it says.
 * @throws UserError broken-audit-log, not-an-audit-log, file-not-found
 */
export async function readAuditLog(
  { auditLog, keys, last: most = 0 }: AuditLogRequest,
  work: WorkContext,
): Promise<AuditLogResult> {
  throwIfCancelled(work)
  const known = keys === undefined ? undefined : await knownSigners(new KeyStore(keys))
  const sums = new Map<string, LoggedDeployment>()
  let last: AuditRecord[] = []
  const report = await verifyAuditLog(auditLog, {
    ...(known && { isTrusted: (fingerprint: string) => known.has(fingerprint) }),
    each: (record) => {
      const { deployment } = record
      if (deployment !== undefined) sums.set(deployment, add(sums.get(deployment) ?? nothing(deployment), record))
      last.push(record)
      if (last.length > 2 * most) last = most === 0 ? [] : last.slice(-most)
    },
  })
  return { ...report, deployments: [...sums.values()], last: most === 0 ? [] : last.slice(-most) }
}

const nothing = (deployment: string): LoggedDeployment => ({
  deployment,
  released: 0,
  refreshed: 0,
  refused: 0,
  bitsSpent: 0,
  audits: { done: 0, passed: 0, failed: 0 },
})

function add(sum: LoggedDeployment, { event, bits = 0, count = 1 }: AuditRecord): LoggedDeployment {
  const one = (name: AuditRecord['event']): number => (event === name ? count : 0)
  const passed = sum.audits.passed + one('audit-passed')
  const failed = sum.audits.failed + one('audit-failed')
  return {
    ...sum,
    released: sum.released + one('released'),
    refreshed: sum.refreshed + one('refreshed'),
    refused: sum.refused + one('refused'),
    bitsSpent: sum.bitsSpent + bits,
    audits: { done: passed + failed, passed, failed },
  }
}
