import { randomBytes } from 'node:crypto'
import type { ObjectStore } from '@nats-io/obj'
import { UserError } from '../core/errors.ts'
import { sha256 } from '../files/sha256.ts'
import type { StoredObject } from './messages.ts'
import { isMissing, natsProblem } from './problems.ts'

const transferTimeoutMs = 60_000

/** Stores bytes under a name that nobody else writes to. Throws UserError 'nats-unreachable'. */
export async function putObject(store: ObjectStore, job: string, bytes: Uint8Array): Promise<StoredObject> {
  const name = `${job}.${randomBytes(8).toString('hex')}`
  try {
    await store.putBlob({ name }, bytes, { timeout: transferTimeoutMs })
  } catch (error) {
    throw natsProblem(error)
  }
  return { name, bytes: bytes.length, sha256: sha256(bytes) }
}

/**
 * Bytes that are those that were stored; undefined where the object is gone.
 * @throws UserError changed-object, nats-unreachable
 */
export async function getObject(store: ObjectStore, object: StoredObject): Promise<Uint8Array | undefined> {
  const changed = (): UserError => new UserError('changed-object', 'A ciphertext was changed on its way.')
  try {
    const info = await store.info(object.name)
    if (!info || info.deleted) return undefined
    if (info.size !== object.bytes) throw changed()
    const bytes = await withinTime(store.getBlob(object.name))
    if (!bytes) return undefined
    if (bytes.length !== object.bytes || sha256(bytes) !== object.sha256) throw changed()
    return bytes
  } catch (error) {
    if (isMissing(error)) return undefined
    throw natsProblem(error)
  }
}

/** What cannot be removed now goes with its age. */
export async function removeObject(store: ObjectStore, { name }: StoredObject): Promise<void> {
  await store.delete(name).catch(() => {})
}

async function withinTime<T>(transfer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new UserError('nats-unreachable', 'A transfer took too long.')), transferTimeoutMs)
  })
  try {
    return await Promise.race([transfer, late])
  } finally {
    clearTimeout(timer)
  }
}
