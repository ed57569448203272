import { parentPort, Worker, type WorkerOptions } from 'node:worker_threads'
import { InternalError, reportError, UserError, type ErrorReport } from '../core/errors.ts'
import { errorFromReport } from '../edge/thread-errors.ts'

interface Question<Q> {
  readonly id: number
  readonly question: Q
}

type Answer<A> =
  | { readonly id: number; readonly answer: A }
  | { readonly id: number; readonly error: ErrorReport; readonly isUserError: boolean }

interface Waiting<A> {
  readonly resolve: (answer: A) => void
  readonly reject: (error: Error) => void
}

/** A worker thread that answers questions, several at a time if it likes. If it dies, all who wait are told. */
export class AskedWorker<Q, A> {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting<A>>()
  #next = 0
  #ended: Error | undefined

  constructor(url: URL, options: WorkerOptions) {
    this.#worker = new Worker(url, options)
    this.#worker.on('message', (answer: Answer<A>) => {
      const waiting = this.#waiting.get(answer.id)
      this.#waiting.delete(answer.id)
      if ('error' in answer) waiting?.reject(errorFromReport(answer.error, answer.isUserError))
      else waiting?.resolve(answer.answer)
    })
    this.#worker.on('error', (error) => this.#end(new InternalError('A worker thread failed.', { cause: error })))
    this.#worker.on('exit', () => this.#end(new InternalError('A worker thread ended before its work was done.')))
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined
  }

  /** Throws what the thread threw, or InternalError where it ended or took longer than `timeoutMs`. */
  async ask(question: Q, timeoutMs?: number): Promise<A> {
    if (this.#ended) throw this.#ended
    const id = this.#next++
    let timer: NodeJS.Timeout | undefined
    try {
      return await new Promise<A>((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject })
        this.#worker.postMessage({ id, question } satisfies Question<Q>)
        if (timeoutMs === undefined) return
        timer = setTimeout(() => {
          this.#end(new InternalError('A worker thread took too long.'))
          void this.#worker.terminate()
        }, timeoutMs)
      })
    } finally {
      clearTimeout(timer)
    }
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }

  #end(error: Error): void {
    this.#ended ??= error
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}

/** The thread's side of `AskedWorker`. */
export function answerQuestions<Q, A>(answer: (question: Q) => Promise<A>): void {
  const port = parentPort!
  port.on('message', ({ id, question }: Question<Q>) => {
    const send = (message: Answer<A>): void => port.postMessage(message)
    answer(question).then(
      (value) => send({ id, answer: value }),
      (error) => send({ id, error: reportError(error), isUserError: error instanceof UserError }),
    )
  })
}
