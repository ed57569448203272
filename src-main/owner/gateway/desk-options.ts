import type { Unlock } from '../age.ts'
import type { Deployment } from '../deployment.ts'
import type { AuditOptions } from './audits.ts'

export interface DeskOptions {
  readonly keysFolder: string
  readonly unlock: Unlock
  /** The deployments that are served; all that are not revoked unless told. */
  readonly deployments?: readonly string[]
  readonly auditLog: string
  /** Answers per minute, for each deployment and for each token; refreshes count apart, each segment for itself. */
  readonly perMinute: number
  /** Images that may be answered per deployment in its lifetime; what the budget in docs/security.md allows unless told. */
  readonly quota?: number
  /** Loads the keys for refreshes too, each of which takes seconds; else they are loaded when they are needed. */
  readonly loadsRefreshes?: boolean
  /** Needed where a deployment's policy has audits. */
  readonly audits?: AuditOptions
  /** Told of each edge that an audit caught. */
  readonly onCaught?: (deployment: Deployment, token: string, evidence: string) => void
  /** Told once for each deployment whose budget is spent. */
  readonly onSpent?: (deployment: Deployment) => void
}
