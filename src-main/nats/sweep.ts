import type { JetStreamManager } from '@nats-io/jetstream'
import type { Deployed } from './make-queues.ts'
import { ownerOf } from './messages.ts'
import { consumerName, QUEUE_KINDS, queueSubject, tasksStream, type QueueKind } from './names.ts'
import { listObjects, removeObject } from './objects.ts'
import { nextMessage, orMissing } from './next-message.ts'
import { natsProblem } from './problems.ts'
import type { Queues } from './queues.ts'

/** Clocks agree to within seconds. */
const lateMs = 60_000

/**
 * Removes tasks that are done: a server that was killed may find them again. It hands none of them out, but they take
 * up room in their queue. Returns how many; throws UserError 'nats-unreachable'.
 *
 * Walks by sequence number and looks at each message's own subject: nats-server 2.9 does not find the later of a
 * subject's messages once the first that it recovered is gone. One by one: purging a range would make it forget who
 * works on what lies after it.
 */
export async function sweepTasks({ manager, deployment }: Queues, { segments }: Deployed): Promise<number> {
  const stream = tasksStream(deployment)
  try {
    const done = await doneUpTo(manager, deployment, segments)
    const last = Math.max(...done.values())
    let swept = 0
    for (let seq = 1; seq <= last;) {
      const message = await nextMessage(manager, stream, '>', seq)
      if (!message) break
      const isDone = message.seq <= (done.get(message.subject) ?? 0)
      if (isDone && (await orMissing(manager.streams.deleteMessage(stream, message.seq)))) swept += 1
      seq = message.seq + 1
    }
    return swept
  } catch (error) {
    throw natsProblem(error)
  }
}

/** By subject: the stream's sequence number up to which every task is done. */
async function doneUpTo(manager: JetStreamManager, id: string, segments: number): Promise<Map<string, number>> {
  const done = new Map<string, number>()
  const look = async (kind: QueueKind, segment: number): Promise<void> => {
    const info = await manager.consumers.info(tasksStream(id), consumerName(kind, segment))
    // The floor may lie behind until the next task comes; where nobody works on anything, all that was handed out is done.
    const { stream_seq } = info.num_ack_pending === 0 ? info.delivered : info.ack_floor
    done.set(queueSubject(id, kind, segment), stream_seq)
  }
  for (let segment = 0; segment < segments; segment++) for (const kind of QUEUE_KINDS) await look(kind, segment)
  return done
}

/**
 * Removes ciphertexts that nobody needs any more, of jobs that have an answer or whose deadline has passed: whoever
 * stored them died before telling anybody. Returns how many; throws UserError 'nats-unreachable'.
 */
export async function sweepObjects(queues: Queues): Promise<number> {
  let swept = 0
  for (const name of await listObjects(queues)) {
    const owner = ownerOf(name)
    const isNeeded = owner && Date.now() < owner.deadlineMs + lateMs && !(await queues.hasAnswer(owner.job))
    if (isNeeded) continue
    await removeObject(queues, { name })
    swept += 1
  }
  return swept
}

/** Of every queue: tasks that wait, and those that were handed out. @throws UserError nats-unreachable */
export async function queueDepths(
  { manager, deployment }: Queues,
  { segments }: Deployed,
): Promise<{ queue: string; waiting: number; inHand: number }[]> {
  const all = Array.from({ length: segments }, (_, segment) => QUEUE_KINDS.map((kind) => consumerName(kind, segment)))
  try {
    const infos = all.flat().map(async (queue) => {
      const { num_pending, num_ack_pending } = await manager.consumers.info(tasksStream(deployment), queue)
      return { queue, waiting: num_pending, inHand: num_ack_pending }
    })
    return await Promise.all(infos)
  } catch (error) {
    throw natsProblem(error)
  }
}
