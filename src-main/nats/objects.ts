import { randomBytes } from 'node:crypto'
import { UserError } from '../core/errors.ts'
import { sha256 } from '../files/sha256.ts'
import type { StoredObject } from './messages.ts'
import { isMissing, natsProblem } from './problems.ts'
import type { Queues } from './queues.ts'

/** A link that carries less is taken for broken. */
const leastBytesPerMs = 50
const latencyMs = 10_000

/** Stores bytes under a name that nobody else writes to. Throws UserError 'nats-unreachable'. */
export async function putObject(queues: Queues, job: string, bytes: Uint8Array): Promise<StoredObject> {
  const name = `${job}.${randomBytes(8).toString('hex')}`
  try {
    await transfer(queues, bytes.length, queues.objects.putBlob({ name }, bytes))
  } catch (error) {
    throw natsProblem(error)
  }
  return { name, bytes: bytes.length, sha256: sha256(bytes) }
}

/**
 * Bytes that are those that were stored; undefined where the object is gone.
 * @throws UserError changed-object, nats-unreachable
 */
export async function getObject(queues: Queues, object: StoredObject): Promise<Uint8Array | undefined> {
  const changed = (): UserError => new UserError('changed-object', 'A ciphertext was changed on its way.')
  try {
    const info = await queues.objects.info(object.name)
    if (!info || info.deleted) return undefined
    if (info.size !== object.bytes) throw changed()
    const bytes = await transfer(queues, object.bytes, queues.objects.getBlob(object.name))
    if (!bytes) return undefined
    if (bytes.length !== object.bytes || sha256(bytes) !== object.sha256) throw changed()
    return bytes
  } catch (error) {
    if (isMissing(error)) return undefined
    throw natsProblem(error)
  }
}

/** What cannot be removed now goes with its age. */
export async function removeObject({ objects }: Queues, { name }: StoredObject): Promise<void> {
  await objects.delete(name).catch(() => {})
}

/** A transfer does not notice that the connection was lost, and would wait for what was on its way then. */
async function transfer<T>({ interruption }: Queues, bytes: number, moving: Promise<T>): Promise<T> {
  const late = AbortSignal.any([interruption, AbortSignal.timeout(latencyMs + Math.ceil(bytes / leastBytesPerMs))])
  moving.catch(() => {})
  return await new Promise<T>((resolve, reject) => {
    moving.then(resolve, reject)
    const stop = (): void => reject(new UserError('nats-unreachable', 'A transfer was interrupted.'))
    if (late.aborted) stop()
    late.addEventListener('abort', stop, { once: true })
  })
}
