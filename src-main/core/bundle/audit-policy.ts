import { z } from 'zod'

/** How often the owner has jobs computed again before answering them. */
export const auditPolicySchema = z.strictObject({
  /** Probability that a job is audited: more than 0, at most 1. */
  rate: z.number().positive().max(1),
})
export type AuditPolicy = z.infer<typeof auditPolicySchema>
