import { exactBytes } from '../core/units.ts'
import { closeSync, openSync, readSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { UserError } from '../core/errors.ts'
import { fileProblem, MAX_FILE_BYTES, readBytes } from '../files/read-file.ts'

/** Bytes of a data file, in memory or still on disk. */
export interface ByteSource {
  readonly length: number
  /** Fewer where the source ends before. */
  read(start: number, length: number): Uint8Array
}

export const inMemory = (bytes: Uint8Array): ByteSource => ({
  length: bytes.length,
  read: (start, length) => bytes.subarray(start, start + length),
})

/**
 * A file that is read piece by piece as it is used, whatever its size; one that is compressed with gzip, unfolded.
 * @throws UserError file-…, bad-gzip
 */
export async function openBytes(path: string): Promise<ByteSource> {
  const where = { file: path }
  const stats = await stat(path).catch((error: unknown) => {
    throw fileProblem(error, path)
  })
  // Opening a pipe would wait for a writer.
  if (!stats.isFile()) throw new UserError('file-not-readable', `${path} is not a regular file.`, { where })
  if (stats.size === 0) throw new UserError('file-empty', `${path} is empty.`, { where })
  const source = onDisk(path, stats.size)
  const [first, second] = source.read(0, 2)
  return first === 0x1f && second === 0x8b ? inMemory(await unfold(path)) : source
}

function onDisk(path: string, size: number): ByteSource {
  return {
    length: size,
    read(start, length) {
      try {
        const file = openSync(path, 'r')
        try {
          const bytes = new Uint8Array(Math.max(0, Math.min(length, size - start)))
          let filled = 0
          while (filled < bytes.length) {
            const read = readSync(file, bytes, filled, bytes.length - filled, start + filled)
            if (read === 0)
              throw new UserError('file-not-readable', `${path} became shorter.`, { where: { file: path } })
            filled += read
          }
          return bytes
        } finally {
          closeSync(file)
        }
      } catch (error) {
        throw fileProblem(error, path)
      }
    },
  }
}

/** Up to `MAX_FILE_BYTES`, so that no small file fills the memory. */
async function unfold(path: string): Promise<Uint8Array> {
  const bytes = await readBytes(path)
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: MAX_FILE_BYTES })
  } catch (error) {
    const tooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
    throw tooLarge
      ? new UserError('file-too-large', `${path} unfolds to more than ${exactBytes(MAX_FILE_BYTES)}.`, {
          where: { file: path },
        })
      : new UserError('bad-gzip', `${path} is not an intact gzip file.`, { where: { file: path }, cause: error })
  }
}
