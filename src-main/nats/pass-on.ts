import { jobIdentity, type JobIdentity } from './messages.ts'
import { putObject, removeObject } from './objects.ts'
import { persist } from './persist.ts'
import { isPassing } from './problems.ts'
import type { QueueKind, Queues } from './queues.ts'

/** Whether a failure leaves open what the server did. */
const isOpen = (error: unknown): boolean => (error as { code?: unknown }).code === 'nats-unreachable'

/**
 * Stores bytes and queues a task for them, and does not let go before the server has both or the job's deadline is
 * past. A task that somebody else has queued already stays as it is.
 * @throws UserError busy, nats-full, nats-unreachable
 */
export async function passOn(
  queues: Queues,
  [kind, segment]: readonly [QueueKind, number],
  job: JobIdentity,
  bytes: Uint8Array,
  isWorthAnotherTry: (error: unknown) => boolean = isPassing,
): Promise<void> {
  const object = await persist(job.deadlineMs, () => putObject(queues, job, bytes), isWorthAnotherTry)
  const task = { version: 1, ...jobIdentity(job), object } as const
  let isUncertain = false
  const queued = async (): Promise<boolean> => {
    try {
      return await queues.add(kind, segment, task)
    } catch (error) {
      isUncertain ||= isOpen(error)
      throw error
    }
  }
  try {
    const isNew = await persist(job.deadlineMs, queued, isWorthAnotherTry)
    // After an attempt whose end is not known, what the server has already may be this very task, with this object.
    if (!isNew && !isUncertain) await removeObject(queues, object)
  } catch (error) {
    // A definite refusal, such as a full queue, says that the server has no copy either.
    if (!isOpen(error)) await removeObject(queues, object)
    throw error
  }
}
