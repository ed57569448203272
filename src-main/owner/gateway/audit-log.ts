import { open, type FileHandle } from 'node:fs/promises'
import { Batched } from '../../core/batched.ts'
import { UserError } from '../../core/errors.ts'
import { lockFile, type FileLock } from '../../files/lock-file.ts'
import { fileProblem } from '../../files/read-file.ts'
import { writeProblem } from '../../files/write-atomically.ts'
import type { Signer } from '../sign.ts'
import { AuditChain, couldBegin, sealRecord, type AuditEvent, type AuditRecord } from './audit-record.ts'

const newline = 0x0a
const maxLineBytes = 8192

/**
 * An append-only file of JSON lines, each with the hash of the one before, signed with a deployment's signing key: whoever can
 * write the file but not open the key store can change nothing in it. An answer is given only once its record is on
 * disk. Cutting off the end is the one change that does not show: keep the last hash elsewhere.
 */
export class AuditLog {
  readonly #file: FileHandle
  readonly #path: string
  readonly #lock: FileLock
  readonly #signer: Signer
  #next: number
  #last: string
  /** Bytes up to the end of the last whole record. */
  #end: number
  readonly #writing = new Batched((events: readonly AuditEvent[]) => this.#write(events))

  private constructor(file: FileHandle, path: string, lock: FileLock, signer: Signer, chain: AuditChain, end: number) {
    this.#file = file
    this.#path = path
    this.#lock = lock
    this.#signer = signer
    this.#next = chain.records
    this.#last = chain.lastHash
    this.#end = end
  }

  /**
   * Verifies what is there, shows it to `each`, and continues it with a record of the start, which names the key that
   * signs from there on. `isTrusted` tells by fingerprint which keys may have signed what is there.
   * @throws UserError in-use, not-an-audit-log, broken-audit-log, not-writable
   */
  static async open(
    path: string,
    signer: Signer,
    isTrusted: (fingerprint: string) => boolean,
    each: (record: AuditRecord) => void = () => {},
  ): Promise<AuditLog> {
    const lock = await lockFile(path)
    try {
      const file = await open(path, 'a+', 0o600).catch((error: unknown) => {
        throw writeProblem(error, path)
      })
      try {
        const end = await wholeLines(file, path)
        const chain = await readChain(file, path, end, isTrusted, each)
        await file.truncate(end)
        const log = new AuditLog(file, path, lock, signer, chain, end)
        await log.append({ event: 'started', signer: signer.publicDer })
        return log
      } catch (error) {
        await file.close()
        throw error
      }
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  /** Resolves when the record is on disk, with those that came meanwhile. @throws UserError disk-full, not-writable */
  async append(event: AuditEvent): Promise<void> {
    await this.#writing.add(event)
  }

  async close(): Promise<void> {
    await this.#writing.settled()
    await this.#file.close()
    await this.#lock.release()
  }

  async #write(events: readonly AuditEvent[]): Promise<AuditRecord[]> {
    let last = this.#last
    const records = events.map((event, i) => {
      const record = sealRecord(event, this.#next + i, last, this.#signer)
      last = record.hash
      return record
    })
    const bytes = Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(''))
    try {
      // What an earlier failure left of a line goes first.
      if ((await this.#file.stat()).size !== this.#end) await this.#file.truncate(this.#end)
      await this.#file.appendFile(bytes)
      await this.#file.datasync()
    } catch (error) {
      await this.#file.truncate(this.#end).catch(() => {})
      throw writeProblem(error, this.#path)
    }
    this.#next += records.length
    this.#last = last
    this.#end += bytes.length
    return records
  }
}

export interface AuditReport {
  readonly records: number
  /** Compare it with one noted before: then nothing before it can have been cut off or rewritten. */
  readonly lastHash: string
  /** SHA-256 of the public keys that signed it. */
  readonly signers: readonly string[]
}

/**
 * Checks the whole chain, and shows it to `each`. Without `isTrusted` it may be signed with any key.
 * @throws UserError broken-audit-log with the line, not-an-audit-log, file-not-found
 */
export async function verifyAuditLog(
  path: string,
  {
    isTrusted = () => true,
    each = () => {},
  }: {
    readonly isTrusted?: (fingerprint: string) => boolean
    readonly each?: (record: AuditRecord) => void
  } = {},
): Promise<AuditReport> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw fileProblem(error, path)
  })
  try {
    const { size } = await file.stat()
    await wholeLines(file, path)
    const { records, lastHash, signers } = await readChain(file, path, size, isTrusted, each)
    return { records, lastHash, signers }
  } finally {
    await file.close()
  }
}

/**
 * Where the last whole line ends: a crash or a full disk may leave half a line, whose answer was never given. Nothing
 * is changed. @throws UserError not-an-audit-log
 */
async function wholeLines(file: FileHandle, path: string): Promise<number> {
  const { size } = await file.stat()
  const head = await readAt(file, 0, Math.min(size, maxLineBytes))
  const firstLine = head.indexOf(newline)
  const text = new TextDecoder().decode(head.subarray(0, firstLine === -1 ? head.length : firstLine))
  if (!couldBegin(text, firstLine !== -1)) throw notAnAuditLog(path)
  const tail = await readAt(file, Math.max(0, size - maxLineBytes), Math.min(size, maxLineBytes))
  return size - tail.length + tail.lastIndexOf(newline) + 1
}

async function readAt(file: FileHandle, position: number, bytes: number): Promise<Uint8Array> {
  const { buffer, bytesRead } = await file.read(new Uint8Array(bytes), 0, bytes, position)
  return buffer.subarray(0, bytesRead)
}

async function readChain(
  file: FileHandle,
  path: string,
  end: number,
  isTrusted: (fingerprint: string) => boolean,
  each: (record: AuditRecord) => void,
): Promise<AuditChain> {
  const chain = new AuditChain(isTrusted)
  if (end === 0) return chain
  for await (const line of file.readLines({ start: 0, end: end - 1, autoClose: false })) {
    const record = chain.follow(line)
    if (!record) throw brokenAuditLog(path, chain)
    each(record)
  }
  return chain
}

const brokenAuditLog = (path: string, { records, strange }: AuditChain): UserError =>
  strange === undefined
    ? new UserError('broken-audit-log', `${path} was changed or is damaged at line ${records + 1}.`, {
        where: { file: path },
        hint: 'Keep it as evidence, and start a new log.',
      })
    : new UserError(
        'broken-audit-log',
        `From line ${records + 1} on, ${path} is signed with a key of another key store.`,
        {
          where: { file: path },
          hint: `The key's fingerprint is ${strange}. Start a new log for this key store.`,
        },
      )

const notAnAuditLog = (path: string): UserError =>
  new UserError('not-an-audit-log', `${path} is not an audit log that can be continued; it was left as it is.`, {
    where: { file: path },
    hint: 'Name a new file. Logs of earlier versions are not signed: keep them, and start a new one.',
  })
