import { decodeCase } from '../../core/bundle/audit-case.ts'
import { UserError } from '../../core/errors.ts'
import { sha256 } from '../../files/sha256.ts'
import type { ShowOpening } from './audits.ts'

/** What a node is told where its job is audited: which of its segments, from 0, it still has to open. */
export interface AuditCall {
  readonly audit: { readonly job: string; readonly segments: readonly number[] }
}

const most = 256

/**
 * Jobs over HTTP that wait to be opened: the answer to a result is then a call, and the answer to its opening is the
 * result's.
 */
export class PendingAudits<T> {
  readonly #pending = new Map<string, Exchange<T>>()

  /** Resolves with the first call, or with the answer where nothing is asked. */
  async begin(answer: (show: ShowOpening) => Promise<T>, token: string): Promise<T | AuditCall> {
    if (this.#pending.size >= most) throw new UserError('busy', 'Too many jobs wait to be opened; try again later.')
    const exchange = new Exchange<T>((job, exchange) => {
      const name = nameOf(token, job)
      // A second result of a job takes the place of the first, which then is not opened.
      this.#pending.set(name, exchange)
      const forget = (): void => {
        if (this.#pending.get(name) === exchange) this.#pending.delete(name)
      }
      exchange.answered.then(forget, forget)
    }, answer)
    return await exchange.next()
  }

  /** The next call, or the answer. @throws UserError damaged-case, refused, and what the answer does */
  async give(file: Uint8Array, token: string): Promise<T | AuditCall> {
    const { receipt } = decodeCase(file, sha256)
    const exchange = this.#pending.get(nameOf(token, receipt.job))
    if (!exchange) throw new UserError('refused', 'The result was refused.')
    exchange.give(file, receipt)
    return await exchange.next()
  }
}

const nameOf = (token: string, job: string): string => `${token} ${job}`

class Exchange<T> {
  readonly answered: Promise<T>
  readonly #shown = new Map<number, (file: Uint8Array) => void>()
  #call = newCall()

  constructor(onCall: (job: string, exchange: Exchange<T>) => void, answer: (show: ShowOpening) => Promise<T>) {
    this.answered = answer(({ job, segment }) => {
      onCall(job, this)
      return new Promise((show) => {
        this.#shown.set(segment, show)
        // Those that are asked for together are called for together.
        queueMicrotask(() => this.#askOn(job))
      })
    })
    this.answered.catch(() => {})
  }

  next(): Promise<T | AuditCall> {
    return Promise.race([this.answered, this.#call.promise])
  }

  give(file: Uint8Array, { job, segment }: { readonly job: string; readonly segment: number }): void {
    const show = this.#shown.get(segment)
    if (!show) return
    this.#shown.delete(segment)
    this.#call = newCall()
    show(file)
    this.#askOn(job)
  }

  #askOn(job: string): void {
    if (this.#shown.size > 0) this.#call.resolve({ audit: { job, segments: [...this.#shown.keys()] } })
  }
}

interface Call {
  readonly promise: Promise<AuditCall>
  readonly resolve: (call: AuditCall) => void
}

function newCall(): Call {
  let resolve: Call['resolve'] = () => {}
  const promise = new Promise<AuditCall>((made) => (resolve = made))
  return { promise, resolve }
}
