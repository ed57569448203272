import { encodeCase } from '../core/bundle/audit-case.ts'
import { receiptSha256, type Receipt } from '../core/bundle/receipt.ts'
import { UserError } from '../core/errors.ts'
import { sha256 } from '../files/sha256.ts'
import { openingOf, type ComputedJob, type Job } from './compute-job.ts'

/** Inputs of so many bytes, and for so long, are kept for the case that they are audited. */
const maxBytes = 2 ** 28
const keptMs = 600_000

interface Kept {
  readonly file: Uint8Array
  readonly receipt: string
  readonly untilMs: number
}

/** What jobs computed here can be opened with, until it is too late: the oldest go first. */
export class Openings {
  readonly #kept = new Map<string, Kept>()
  #bytes = 0

  keep(job: Job, { receipt }: ComputedJob): void {
    const file = encodeCase({ receipt, opening: openingOf(job) }, sha256)
    const name = nameOf(job.id, job.segment)
    this.#remove(name)
    const identity = receiptSha256(receipt, sha256)
    this.#kept.set(name, { file, receipt: identity, untilMs: performance.now() + keptMs })
    this.#bytes += file.length
    for (const [oldest, { untilMs }] of this.#kept) {
      if (this.#bytes <= maxBytes && untilMs > performance.now()) break
      if (oldest !== name) this.#remove(oldest)
    }
  }

  /** An audit case. @throws UserError not-found where the job is not known here, or no longer */
  get(job: string, segment: number): Uint8Array {
    const kept = this.#kept.get(nameOf(job, segment))
    if (kept && kept.untilMs > performance.now()) return kept.file
    throw new UserError('not-found', 'There is nothing to open for this job.')
  }

  /** The same for a receipt; undefined where it was not made here, or is too old. */
  of(receipt: Receipt): Uint8Array | undefined {
    const kept = this.#kept.get(nameOf(receipt.job, receipt.segment))
    return kept?.receipt === receiptSha256(receipt, sha256) ? kept.file : undefined
  }

  #remove(name: string): void {
    const kept = this.#kept.get(name)
    if (!kept) return
    this.#kept.delete(name)
    this.#bytes -= kept.file.length
  }
}

const nameOf = (job: string, segment: number): string => `${job} ${segment}`
