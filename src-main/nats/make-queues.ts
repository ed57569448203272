import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import { lacksJetStream, type NatsConnection } from './connect.ts'
import { MAX_DEADLINE_MS } from './messages.ts'
import { answersStream, answerSubject, claimSubjects, consumerName, objectsStream, objectSubject } from './names.ts'
import { QUEUE_KINDS, queueSubject, tasksStream } from './names.ts'
import { isMissing, natsProblem, noJetStream } from './problems.ts'
import { SILENCE_MS } from './queues.ts'

export interface Deployed {
  readonly id: string
  readonly segments: number
}

export interface QueueSizes {
  /** Tasks that a queue holds. */
  readonly limit: number
  /** Servers of a cluster that keep everything; 1 unless told. */
  readonly replicas?: number
}

/**
 * Makes a deployment's queues, answers, claims and objects, or brings those that exist up to date. The owner does it, so that
 * nodes need no right to.
 *
 * Every segment has a queue for its inputs and one for its results. Each takes `limit` tasks and then no more, so that
 * what comes before it waits and, in the end, new jobs are refused; no two queues wait for each other.
 * @throws UserError no-jetstream, nats-unreachable
 */
export async function makeQueues(
  connection: NatsConnection,
  { id, segments }: Deployed,
  { limit, replicas = 1 }: QueueSizes,
): Promise<void> {
  const kept = { max_age: nanos(MAX_DEADLINE_MS), num_replicas: replicas, allow_direct: true }
  try {
    const manager = await jetstreamManager(connection, { checkAPI: false })
    await ensureStream(manager, {
      ...kept,
      name: tasksStream(id),
      subjects: QUEUE_KINDS.map((kind) => queueSubject(id, kind, '*')),
      retention: 'workqueue',
      discard: 'new',
      max_msgs_per_subject: limit,
      discard_new_per_subject: true,
      duplicate_window: nanos(MAX_DEADLINE_MS),
    })
    const told = [answerSubject(id, '*'), claimSubjects(id)]
    await ensureStream(manager, { ...kept, name: answersStream(id), subjects: told })
    await ensureStream(manager, { ...kept, name: objectsStream(id), subjects: [objectSubject(id, '>')] })
    for (let segment = 0; segment < segments; segment++) {
      for (const kind of QUEUE_KINDS) {
        await manager.consumers.add(tasksStream(id), {
          durable_name: consumerName(kind, segment),
          filter_subject: queueSubject(id, kind, segment),
          ack_policy: 'explicit',
          ack_wait: nanos(SILENCE_MS),
          max_ack_pending: -1,
        })
      }
    }
  } catch (error) {
    throw lacksJetStream(connection) ? noJetStream(error) : natsProblem(error)
  }
}

type StreamConfig = Parameters<JetStreamManager['streams']['add']>[0]

async function ensureStream(manager: JetStreamManager, config: StreamConfig & { name: string }): Promise<void> {
  const existing = await manager.streams.info(config.name).catch((error: unknown) => {
    if (!isMissing(error)) throw error
  })
  if (existing) await manager.streams.update(config.name, config)
  else await manager.streams.add({ storage: 'file', ...config })
}
