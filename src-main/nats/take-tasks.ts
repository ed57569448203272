import { setTimeout as pause } from 'node:timers/promises'
import type { Consumer, JsMsg } from '@nats-io/jetstream'
import type { Log } from '../core/log.ts'
import { consumerName } from './names.ts'
import { natsProblem } from './problems.ts'
import { SILENCE_MS, type QueueKind, type Queues } from './queues.ts'
import { onAbort } from './unless-aborted.ts'

export interface Delivery {
  readonly text: string
  /** 1 for the first time that the task is handed out. */
  readonly attempt: number
}

/** What becomes of a task: it is done, and something may be cleaned up once the server knows; or it is for later. */
export type Outcome = { readonly cleanUp?: () => Promise<void> } | { readonly retryMs: number }

/** Throwing hands the task out again, after a short pause. */
export type HandleTask = (delivery: Delivery) => Promise<Outcome>

const pollMs = 2_000
const retryMs = 500

/**
 * Takes tasks from a queue, one after the other, until the signal; the one at hand is finished. A task is removed only
 * once it is handled, and the server is told meanwhile that somebody works on it. Outlives the server's restarts; does
 * not reject.
 */
export async function takeTasks(
  queues: Queues,
  [kind, segment]: readonly [QueueKind, number],
  handle: HandleTask,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  const queue = consumerName(kind, segment)
  let consumer: Consumer | undefined
  let problem = ''
  while (!signal.aborted) {
    let message: JsMsg | null
    try {
      consumer ??= await queues.consumer(kind, segment)
      message = await nextTask(consumer, [signal, queues.interruption])
      // The client says the same of a queue without tasks and of one that is gone, or whose server has no JetStream any more.
      if (!message && !signal.aborted) consumer = await queues.consumer(kind, segment)
      if (problem !== '') log('info', 'the queue gives tasks again', { queue })
      problem = ''
      queues.noteAsked(queue)
    } catch (error) {
      consumer = undefined
      const reason = natsProblem(error).message
      // A queue that stays away is one piece of news.
      if (reason !== problem && !queues.connection.isClosed())
        log('warn', 'the queue gives no tasks', { queue, reason })
      problem = reason
      queues.noteAsked(queue, reason)
      await pause(retryMs, undefined, { signal }).catch(() => {})
      continue
    }
    if (message) await settle(message, handle, (reason) => log('warn', 'a task goes back', { queue, reason }))
  }
}

async function settle(message: JsMsg, handle: HandleTask, onReturn: (reason: string) => void): Promise<void> {
  const working = setInterval(() => tell(() => message.working()), SILENCE_MS / 3)
  try {
    const outcome = await handle({ text: message.string(), attempt: message.info.deliveryCount })
    if ('retryMs' in outcome) tell(() => message.nak(outcome.retryMs))
    // Unless the server knows, the task will come again, and its input must still be there.
    else if (await message.ackAck().catch(() => false)) await outcome.cleanUp?.()
  } catch (error) {
    onReturn(String((error as { message?: unknown }).message))
    tell(() => message.nak(retryMs))
  } finally {
    clearInterval(working)
  }
}

/** The client throws where the connection is closed; then the task comes again by itself. */
function tell(say: () => void): void {
  try {
    say()
  } catch {
    // Nobody is there to hear it.
  }
}

/**
 * Null where there is none for a while, once a signal comes, or the connection is lost: a request that was open then is
 * not answered by the next server, and the client would wait until that one has the queue.
 */
async function nextTask(consumer: Consumer, signals: readonly AbortSignal[]): Promise<JsMsg | null> {
  const messages = await consumer.fetch({ max_messages: 1, expires: pollMs })
  const forget = onAbort(signals, () => void messages.close())
  try {
    for await (const message of messages) return message
    return null
  } finally {
    forget()
  }
}
