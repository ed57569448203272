import { exactBytes } from '../core/units.ts'
import { readFile, stat } from 'node:fs/promises'
import { UserError } from '../core/errors.ts'

/** What we take from one file before calling it a mistake; well above any calibration set of this kind. */
export const MAX_FILE_BYTES = 1024 * 1024 * 1024

const PROBLEMS: Record<string, [code: string, message: string]> = {
  ENOENT: ['file-not-found', 'does not exist'],
  ENOTDIR: ['file-not-found', 'does not exist'],
  EACCES: ['file-not-readable', 'may not be read'],
  EPERM: ['file-not-readable', 'may not be read'],
  ELOOP: ['file-not-found', 'is a link that leads back to itself'],
  ENAMETOOLONG: ['file-not-found', 'cannot exist: the name is too long'],
  EISDIR: ['file-not-readable', 'is a folder, where a file is expected'],
}

/** A file system failure as the person's problem where it is one, else the error itself. */
export function fileProblem(error: unknown, path: string): unknown {
  const problem = PROBLEMS[(error as NodeJS.ErrnoException)?.code ?? '']
  return problem ? new UserError(problem[0], `${path} ${problem[1]}.`, { where: { file: path }, cause: error }) : error
}

/**
 * The whole of a regular file.
 * @throws UserError file-not-found, file-not-readable, file-too-large, file-empty
 */
export async function readBytes(path: string, maxBytes = MAX_FILE_BYTES): Promise<Uint8Array> {
  const where = { file: path }
  try {
    const stats = await stat(path)
    if (stats.isDirectory()) throw Object.assign(new Error(path), { code: 'EISDIR' })
    // Opening a pipe would wait for a writer.
    if (!stats.isFile()) throw new UserError('file-not-readable', `${path} is not a regular file.`, { where })
    if (stats.size === 0) throw new UserError('file-empty', `${path} is empty.`, { where })
    if (stats.size > maxBytes) {
      throw new UserError(
        'file-too-large',
        `${path} has ${exactBytes(stats.size)}; at most ${exactBytes(maxBytes)} are read.`,
        { where },
      )
    }
    const bytes = await readFile(path)
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  } catch (error) {
    throw fileProblem(error, path)
  }
}

/** A small text file. @throws UserError as `readBytes` */
export const readText = async (path: string, maxBytes = 2 ** 16): Promise<string> =>
  new TextDecoder().decode(await readBytes(path, maxBytes))

/** Bearer tokens, one a line; none where no file is named. @throws UserError no-token and as `readBytes` */
export async function readTokens(path: string | undefined): Promise<string[]> {
  if (path === undefined) return []
  const lines = (await readText(path)).split('\n').map((line) => line.trim())
  const tokens = lines.filter((line) => line !== '')
  if (tokens.length > 0) return tokens
  throw new UserError('no-token', `${path} holds no token.`, {
    where: { file: path },
    hint: 'Write one per line, or leave the option out.',
  })
}
