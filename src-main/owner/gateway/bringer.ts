import type { Receipt } from '../../core/bundle/receipt.ts'
import type { Accountable, ShowOpening } from './audits.ts'

/** Who brings a result. */
export interface Bringer {
  /** Fingerprint of its bearer token. */
  readonly token?: string
  /** How it opens a job that is audited; without it nothing of a deployment with audits is answered. */
  readonly show?: ShowOpening
  /** Who answers for each receipt, where that is not who brings the result; undefined where somebody is not known. */
  readonly accountable?: (receipts: readonly Receipt[]) => Promise<readonly Accountable[] | undefined>
}
