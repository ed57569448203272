import { decodeCase, MAX_CASE_BYTES, type Finding } from '../core/bundle/audit-case.ts'
import { readBytes } from '../files/read-file.ts'
import { sha256 } from '../files/sha256.ts'
import { Auditor, type AuditorOptions } from './auditor.ts'

export interface ReplayResult {
  readonly job: string
  /** From 0. */
  readonly segment: number
  /** What the replay says now. */
  readonly finding: Finding
  /** What the file says, where it is evidence. */
  readonly stated?: Finding
  /** Whether both say the same. */
  readonly confirms?: boolean
}

/** Computes a job again from its evidence, or from what an edge opened. @throws UserError damaged-case and what auditing does */
export async function replayEvidence(path: string, options: AuditorOptions): Promise<ReplayResult> {
  const given = decodeCase(await readBytes(path, MAX_CASE_BYTES), sha256)
  const auditor = await Auditor.open(options)
  try {
    const finding = await auditor.audit(given)
    const { job, segment } = given.receipt
    const { finding: stated } = given
    const confirms = stated && stated.agrees === finding.agrees && stated.fault === finding.fault
    return { job, segment, finding, ...(stated && { stated, confirms }) }
  } finally {
    await auditor.close()
  }
}
