import { createHash } from 'node:crypto'
import { open, truncate, type FileHandle } from 'node:fs/promises'
import { z } from 'zod'
import { UserError } from '../../core/errors.ts'
import { fileProblem } from '../../files/read-file.ts'
import { writeProblem } from '../../files/write-atomically.ts'

const hash = z.string().regex(/^[0-9a-f]{64}$/)
const recordSchema = z.strictObject({
  sequence: z.int().min(0),
  time: z.iso.datetime(),
  event: z.enum(['started', 'released', 'refreshed', 'refused', 'canary-passed', 'canary-failed', 'stopped']),
  deployment: z.string().max(64).optional(),
  /** Fingerprint of the bearer token. */
  token: z.string().max(64).optional(),
  reason: z.string().max(200).optional(),
  previous: hash,
  hash,
})

export type AuditRecord = z.infer<typeof recordSchema>
export type AuditEvent = Pick<AuditRecord, 'event' | 'deployment' | 'token' | 'reason'>

const firstHash = '0'.repeat(64)
const maxLineBytes = 4096
const newline = 0x0a

/**
 * An append-only file of JSON lines, each with the hash of the one before. An answer is given only once its record
 * is on disk. Cutting off the end is the one change that the chain cannot show: keep the last hash elsewhere.
 */
export class AuditLog {
  readonly #file: FileHandle
  readonly #path: string
  #next: number
  #last: string
  #writing: Promise<void> = Promise.resolve()

  private constructor(file: FileHandle, path: string, next: number, last: string) {
    this.#file = file
    this.#path = path
    this.#next = next
    this.#last = last
  }

  /** Verifies what is there, shows it to `each`, and continues it. Throws UserError 'broken-audit-log', 'not-writable'. */
  static async open(path: string, each: (record: AuditRecord) => void = () => {}): Promise<AuditLog> {
    const file = await open(path, 'a+', 0o600).catch((error) => {
      throw writeProblem(error, path)
    })
    try {
      await dropTornLine(file, path)
      const { records, lastHash } = await readChain(file, path, each)
      return new AuditLog(file, path, records, lastHash)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** Resolves when the record is on disk. Throws UserError 'disk-full', 'not-writable'. */
  append(event: AuditEvent): Promise<void> {
    const turn = this.#writing.then(async () => {
      const content = { sequence: this.#next, time: new Date().toISOString(), ...event, previous: this.#last }
      const record: AuditRecord = { ...content, hash: hashOf(content) }
      try {
        await this.#file.appendFile(`${JSON.stringify(record)}\n`)
        await this.#file.datasync()
      } catch (error) {
        throw writeProblem(error, this.#path)
      }
      this.#next += 1
      this.#last = record.hash
    })
    this.#writing = turn.catch(() => {})
    return turn
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#file.close()
  }
}

export interface AuditReport {
  readonly records: number
  /** Compare it with one noted before: then nothing before it can have been cut off or rewritten. */
  readonly lastHash: string
}

/** Checks the whole chain, and shows it to `each`. Throws UserError 'broken-audit-log' with the line, 'file-not-found'. */
export async function verifyAuditLog(
  path: string,
  each: (record: AuditRecord) => void = () => {},
): Promise<AuditReport> {
  const file = await open(path, 'r').catch((error) => {
    throw fileProblem(error, path)
  })
  try {
    return await readChain(file, path, each)
  } finally {
    await file.close()
  }
}

/** A crash may leave half a line, whose answer was never given; it is removed, since nothing refers to it. */
async function dropTornLine(file: FileHandle, path: string): Promise<void> {
  const { size } = await file.stat()
  const tail = new Uint8Array(Math.min(size, maxLineBytes))
  await file.read(tail, 0, tail.length, size - tail.length)
  const end = tail.lastIndexOf(newline) + 1
  if (end < tail.length) await truncate(path, size - tail.length + end)
}

async function readChain(file: FileHandle, path: string, each: (record: AuditRecord) => void): Promise<AuditReport> {
  let records = 0
  let lastHash = firstHash
  for await (const line of file.readLines({ start: 0, autoClose: false })) {
    const record = parseRecord(line)
    const { hash, ...content } = record ?? {}
    if (!record || record.sequence !== records || record.previous !== lastHash || hash !== hashOf(content)) {
      throw new UserError('broken-audit-log', `${path} was changed or is damaged at line ${records + 1}.`, {
        where: { file: path },
        hint: 'Keep it as evidence and start a new one.',
      })
    }
    each(record)
    records += 1
    lastHash = record.hash
  }
  return { records, lastHash }
}

function parseRecord(line: string): AuditRecord | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}

/** Over the record's JSON with its keys in order, so that parsing and printing change nothing. */
function hashOf(content: object): string {
  const sorted = Object.entries(content).filter(([, value]) => value !== undefined)
  sorted.sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex')
}
