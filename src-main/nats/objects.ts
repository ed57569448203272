import { randomBytes } from 'node:crypto'
import type { StoredMsg } from '@nats-io/jetstream'
import { concatBytes } from '../core/bundle/bytes.ts'
import { UserError } from '../core/errors.ts'
import { sha256 } from '../files/sha256.ts'
import { objectNameOf, type JobIdentity, type StoredObject } from './messages.ts'
import { objectsStream, objectSubject } from './names.ts'
import { nextMessage } from './next-message.ts'
import { isRefused, natsProblem } from './problems.ts'
import type { Queues } from './queues.ts'
import { unlessAborted } from './unless-aborted.ts'

/*
 * A ciphertext is a subject of its own in a stream, in one or several messages. Tasks say how long it is and what its
 * hash is, so that nothing else has to be stored, read needs no consumer (nats-server 2.15 has 1,000 for each stream)
 * and removal leaves nothing.
 */

/** Small enough for a slow link, and for what servers take by default (1 MiB). */
const chunkBytes = 2 ** 18
/** Of a chunk; more than headers take. */
const headerBytes = 2 ** 10
/** Chunks that wait for the server's word at once. */
const atOnce = 8
/** A link that carries less is taken for broken. */
const leastBytesPerMs = 50
const latencyMs = 10_000

/** Stores bytes under a name that nobody else writes to. @throws UserError nats-full, nats-unreachable */
export async function putObject(
  queues: Queues,
  job: Pick<JobIdentity, 'job' | 'deadlineMs'>,
  bytes: Uint8Array,
): Promise<StoredObject> {
  const name = objectNameOf(job, randomBytes(8).toString('hex'))
  const object = { name, bytes: bytes.length, sha256: sha256(bytes) }
  try {
    await inTime(queues, bytes.length, publishChunks(queues, name, bytes))
    return object
  } catch (error) {
    await removeObject(queues, object)
    throw natsProblem(error)
  }
}

async function publishChunks(queues: Queues, name: string, bytes: Uint8Array): Promise<void> {
  const subject = objectSubject(queues.deployment, name)
  const most = Math.min(chunkBytes, (queues.connection.info?.max_payload ?? Infinity) - headerBytes)
  const timeout = timeoutMs(atOnce * most)
  for (let start = 0; start < bytes.length; start += atOnce * most) {
    const window = bytes.subarray(start, start + atOnce * most)
    const chunks = Array.from({ length: Math.ceil(window.length / most) }, (_, i) =>
      window.subarray(i * most, (i + 1) * most),
    )
    await Promise.all(chunks.map((chunk) => queues.publish(subject, chunk, { timeout })))
  }
}

/**
 * Bytes that are those that were stored; undefined where the object is gone.
 * @throws UserError changed-object, nats-unreachable
 */
export async function getObject(queues: Queues, object: StoredObject): Promise<Uint8Array | undefined> {
  try {
    const chunks = await inTime(queues, object.bytes, readChunks(queues, object))
    if (!chunks) return undefined
    const bytes = concatBytes(chunks)
    if (bytes.length === object.bytes && sha256(bytes) === object.sha256) return bytes
    throw new UserError('changed-object', 'A ciphertext was changed on its way.')
  } catch (error) {
    throw natsProblem(error)
  }
}

async function readChunks(queues: Queues, object: StoredObject): Promise<Uint8Array[] | undefined> {
  const subject = objectSubject(queues.deployment, object.name)
  const chunks: Uint8Array[] = []
  for (let bytes = 0, seq = 1; bytes < object.bytes;) {
    const message = await nextChunk(queues, subject, seq)
    if (!message) return undefined
    chunks.push(message.data)
    bytes += message.data.length
    seq = message.seq + 1
  }
  return chunks
}

/**
 * Any server of a cluster answers a direct read, with the bytes as they are; one that has not got the object yet leaves
 * it to the stream's leader, whose answer is text in base64. So does a server that does not permit direct reads.
 */
async function nextChunk(queues: Queues, subject: string, seq: number): Promise<StoredMsg | undefined> {
  const stream = objectsStream(queues.deployment)
  if (queues.mayReadDirectly) {
    try {
      const message = await queues.manager.direct.getMessage(stream, { seq, next_by_subj: subject })
      if (message) return message
    } catch (error) {
      if (isRefused(error)) queues.mayReadDirectly = false
    }
  }
  return await nextMessage(queues.manager, stream, subject, seq)
}

/** What cannot be removed now is cleared up later by the owner. */
export const removeObject = (queues: Queues, { name }: Pick<StoredObject, 'name'>): Promise<void> => purge(queues, name)

/** All of a job. */
export const removeObjects = (queues: Queues, { job }: Pick<JobIdentity, 'job'>): Promise<void> =>
  purge(queues, `${job}.>`)

async function purge({ deployment, manager }: Queues, names: string): Promise<void> {
  await manager.streams.purge(objectsStream(deployment), { filter: objectSubject(deployment, names) }).catch(() => {})
}

/** Names of all objects. @throws UserError nats-unreachable */
export async function listObjects({ deployment, manager }: Queues): Promise<string[]> {
  const all = objectSubject(deployment, '')
  try {
    const { state } = await manager.streams.info(objectsStream(deployment), { subjects_filter: `${all}>` })
    return Object.keys(state.subjects ?? {}).map((subject) => subject.slice(all.length))
  } catch (error) {
    throw natsProblem(error)
  }
}

const timeoutMs = (bytes: number): number => latencyMs + Math.ceil(bytes / leastBytesPerMs)

async function inTime<T>({ interruption }: Queues, bytes: number, moving: Promise<T>): Promise<T> {
  return await unlessAborted([interruption, AbortSignal.timeout(timeoutMs(bytes))], moving)
}
