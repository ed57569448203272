import { parentPort, Worker, type Transferable, type WorkerOptions } from 'node:worker_threads'
import { InternalError, reportError, UserError, type ErrorReport } from '../core/errors.ts'
import { present } from '../core/must.ts'

interface Question<Q> {
  readonly id: number
  readonly question: Q
}

type Message<A, N> =
  | { readonly id: number; readonly note: N }
  | { readonly id: number; readonly answer: A }
  | { readonly id: number; readonly error: ErrorReport; readonly isUserError: boolean }

interface Waiting<A, N> {
  readonly take: (note: N) => void
  readonly resolve: (answer: A) => void
  readonly reject: (error: Error) => void
}

export interface AskOptions<N> {
  /** The thread is ended when it takes longer. */
  readonly timeoutMs?: number
  /** Gets every note on the way to the answer; what it throws ends the wait. */
  readonly take?: (note: N) => void
  /** What of the question is moved, not copied: whoever asks has it no longer. */
  readonly given?: readonly Transferable[]
}

/**
 * A worker thread that answers questions, several at a time if it likes, with notes on the way to an answer. If it
 * dies, all who wait are told.
 */
export class AskedWorker<Q, A, N = never> {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting<A, N>>()
  #next = 0
  #ended: Error | undefined

  constructor(url: URL, options: WorkerOptions) {
    this.#worker = new Worker(url, options)
    this.#worker.on('message', (message: Message<A, N>) => this.#receive(message))
    this.#worker.on('error', (error) => this.#end(new InternalError('A worker thread failed.', { cause: error })))
    this.#worker.on('exit', () => this.#end(new InternalError('A worker thread ended before its work was done.')))
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined
  }

  /** Processor time of the thread so far; undefined where Node does not tell (before 22.20) or it has ended. */
  async processorMs(): Promise<number | undefined> {
    if (this.#ended || typeof this.#worker.cpuUsage !== 'function') return undefined
    const used = await this.#worker.cpuUsage().catch(() => undefined)
    return used && (used.user + used.system) / 1000
  }

  /** Throws what the thread threw, or InternalError where it ended or took too long. */
  async ask(question: Q, { timeoutMs, take = () => {}, given = [] }: AskOptions<N> = {}): Promise<A> {
    if (this.#ended) throw this.#ended
    const id = this.#next++
    let timer: NodeJS.Timeout | undefined
    try {
      return await new Promise<A>((resolve, reject) => {
        this.#waiting.set(id, { take, resolve, reject })
        this.#worker.postMessage({ id, question } satisfies Question<Q>, given)
        if (timeoutMs === undefined) return
        timer = setTimeout(() => {
          this.#end(new InternalError('A worker thread took too long.'))
          void this.#worker.terminate()
        }, timeoutMs)
      })
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(id)
    }
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }

  #receive(message: Message<A, N>): void {
    const waiting = this.#waiting.get(message.id)
    if (!waiting) return
    if ('error' in message) waiting.reject(errorFromReport(message.error, message.isUserError))
    else if ('answer' in message) waiting.resolve(message.answer)
    else {
      try {
        waiting.take(message.note)
      } catch (error) {
        waiting.reject(error as Error)
      }
    }
  }

  #end(error: Error): void {
    this.#ended ??= error
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}

/** Sends a note to whoever asked; what is transferred is no longer the thread's. */
export type Tell<N> = (note: N, transfer?: readonly Transferable[]) => void

/** The thread's side of `AskedWorker`. What `given` names of an answer is moved, not copied: it is no longer the thread's. */
export function answerQuestions<Q, A, N = never>(
  answer: (question: Q, tell: Tell<N>) => Promise<A>,
  given: (answer: A) => readonly Transferable[] = () => [],
): void {
  const port = present(parentPort)
  port.on('message', ({ id, question }: Question<Q>) => {
    const send = (message: Message<A, N>, transfer: readonly Transferable[] = []): void =>
      port.postMessage(message, transfer)
    answer(question, (note, transfer) => send({ id, note }, transfer)).then(
      (value) => send({ id, answer: value }, given(value)),
      (error: unknown) => send({ id, error: reportError(error), isUserError: error instanceof UserError }),
    )
  })
}

/** An error that a worker thread reported, in its own class again. */
function errorFromReport({ code, message, where, hint }: ErrorReport, isUserError: boolean): Error {
  return isUserError ? new UserError(code, message, { where, hint }) : new InternalError(message, { where, hint })
}
