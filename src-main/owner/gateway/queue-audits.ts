import { decodeCase, isBoundBy } from '../../core/bundle/audit-case.ts'
import { inputSha256, receiptSha256, type Receipt } from '../../core/bundle/receipt.ts'
import { UserError } from '../../core/errors.ts'
import { sha256 } from '../../files/sha256.ts'
import type { Claims } from '../../nats/claims.ts'
import type { Task } from '../../nats/messages.ts'
import { askForOpening } from '../../nats/openings.ts'
import type { Queues } from '../../nats/queues.ts'
import type { Accountable } from './audits.ts'
import type { Bringer, Desk } from './desk.ts'

/** Whoever is not named by the server: all of them together. */
export const NATS_TOKEN = 'nats'
const tokenOf = (party: string): string => (party === '' ? NATS_TOKEN : `${NATS_TOKEN}:${party}`).slice(0, 64)

/**
 * An audited job with less time than this is late before it is audited: else a job of which nobody can show anything in time would
 * be one that nobody can be blamed for.
 */
export const LEAST_OPENING_MS = 5_000

/** Audits of a deployment's jobs that come by queues: everybody answers for what it has claimed. */
export class QueueAudits {
  readonly #desk: Desk
  readonly #queues: Queues
  readonly #claims: Claims

  constructor(desk: Desk, queues: Queues, claims: Claims) {
    this.#desk = desk
    this.#queues = queues
    this.#claims = claims
  }

  /** How the desk has a task's job opened, and whom it blames. */
  bringerOf({ deadlineMs }: Task): Pick<Bringer, 'show' | 'accountable'> {
    return {
      show: (receipt, signal) => this.#show(receipt, deadlineMs, signal),
      accountable: async (receipts) => {
        const all = await Promise.all(receipts.map((receipt) => this.#accountableFor(receipt)))
        return all.every((one) => one !== undefined) ? all : undefined
      },
    }
  }

  async #accountableFor(receipt: Receipt): Promise<Accountable | undefined> {
    const { job, segment } = receipt
    const computed = await this.#claims.authorOf(job, segment, receiptSha256(receipt, sha256))
    if (computed === undefined) return undefined
    // A first segment's input is opened by whoever encrypted it; where it is in the clear there are no ciphertexts to name.
    if (segment > 0 || receipt.inputs.length === 0) return { computed: tokenOf(computed), opens: tokenOf(computed) }
    const opens = await this.#claims.authorOf(job, 'input', inputSha256(receipt, sha256))
    return opens === undefined ? undefined : { computed: tokenOf(computed), opens: tokenOf(opens) }
  }

  /** Whoever submitted a job waits until its deadline; nodes stay, and may need longer for their ciphertexts. */
  #show(receipt: Receipt, deadlineMs: number, late: AbortSignal): Promise<Uint8Array | undefined> {
    const sign = (bytes: Uint8Array) => this.#desk.sign(this.#queues.deployment, bytes)
    const isSubmitters = receipt.segment === 0 && receipt.inputs.length > 0
    const gone = AbortSignal.timeout(Math.max(0, deadlineMs - Date.now()))
    const signal = isSubmitters ? AbortSignal.any([late, gone]) : late
    return askForOpening(
      this.#queues,
      { receipt, deadlineMs, sign, isIt: (file) => isOpeningOf(receipt, file) },
      signal,
    )
  }
}

/** Others than whoever has to open may send something, so what does not fit counts as nothing. */
function isOpeningOf(receipt: Receipt, file: Uint8Array): boolean {
  try {
    const { receipt: shown, opening } = decodeCase(file, sha256)
    const isSame = receiptSha256(shown, sha256) === receiptSha256(receipt, sha256)
    return isSame && opening !== undefined && isBoundBy(receipt, opening, sha256)
  } catch (error) {
    if (error instanceof UserError) return false
    throw error
  }
}
