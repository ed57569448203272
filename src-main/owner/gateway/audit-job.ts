import { present } from '../../core/must.ts'
import type { Metrics } from '../../http/metrics.ts'
import { bitsBeforeCaught } from '../budget/bits.ts'
import type { Ledger } from '../budget/ledger.ts'
import type { AuditEvent } from './audit-record.ts'
import { auditReceipts, culpritOf, drawCoin } from './audits.ts'
import { receiptsOf, type ReceiptContext } from './check-receipts.ts'
import type { Bringer } from './bringer.ts'
import type { DeskOptions } from './desk-options.ts'
import { Refused } from './refused.ts'
import type { Served } from './served.ts'

export interface AuditDesk {
  readonly ledger: Ledger
  readonly metrics: Metrics
  readonly options: Pick<DeskOptions, 'audits' | 'onCaught'>
  readonly record: (event: AuditEvent) => Promise<void>
  readonly refreshed: ReceiptContext['refreshed']
  /** The refusal where nothing more may be given away. */
  readonly spent: (known: Served) => Refused
}

/**
 * Nothing of a job is decrypted before this returns. The coin falls after the nodes have committed themselves by their receipts.
 * @throws Refused; UserError auditor-unreachable, not-writable, disk-full
 */
export async function auditJob(
  { ledger, metrics, options, record, refreshed, spent }: AuditDesk,
  known: Served,
  header: Parameters<typeof receiptsOf>[0],
  { token = '', show, accountable }: Bringer,
): Promise<void> {
  const { deployment, plans, price, allowance } = known
  const { id } = deployment
  const { rate } = present(deployment.audit)
  const account = await ledger.read(id)
  const refuseBlocked = (names: readonly string[]): void => {
    if (account.blocked.some((edge) => names.includes(edge.token))) throw new Refused('blocked')
  }
  refuseBlocked([token])
  const bits = bitsBeforeCaught(price.bits, rate)
  if (account.spentBits + bits > allowance.bits) throw spent(known)
  const receipts = receiptsOf(header, { deployment, plans, refreshed })
  if (!receipts || !show) throw new Refused('no-receipt')
  const all = accountable ? await accountable(receipts) : receipts.map(() => ({ computed: token, opens: token }))
  if (!all) throw new Refused('no-claim')
  refuseBlocked(all.flatMap(({ computed, opens }) => [computed, opens]))
  if (!drawCoin(rate)) return
  metrics.count('audits', 'Jobs that were audited.')
  const caught = await auditReceipts(receipts, show, present(options.audits))
  if (!caught) {
    await ledger.noteAudit(id)
    await record({ event: 'audit-passed', deployment: id, token })
    return
  }
  // Blocked first: nothing of this edge is answered any more, whatever happens below.
  const culprit = culpritOf(caught.fault, present(all[receipts.findIndex(({ segment }) => segment === caught.segment)]))
  await ledger.noteAudit(id, { token: culprit, bits })
  await record({ event: 'audit-failed', deployment: id, token: culprit, reason: caught.fault, bits })
  options.onCaught?.(deployment, culprit, caught.evidence)
  throw new Refused('audit-failed')
}
