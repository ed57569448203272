import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { access, link, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { UserError } from '../core/errors.ts'

export interface WriteOptions {
  /** Replace a file that exists; otherwise that is refused. */
  readonly force?: boolean
  readonly mode?: number
  /** Runs once the bytes are on disk and before they get their name; if it throws, they never do. */
  readonly beforeRename?: () => Promise<void>
}

/**
 * Writes a file so that its path holds the old content or the complete new one, never anything else: a temporary
 * name beside it, fsync, rename. What killed processes left for the same path is removed first.
 * @throws UserError output-exists, not-writable, disk-full
 */
export async function writeAtomically(
  path: string,
  options: WriteOptions,
  write: (file: FileHandle, temporaryPath: string) => Promise<void>,
): Promise<void> {
  const temporary = `${path}.part-${process.pid}-${randomBytes(4).toString('hex')}`
  try {
    await refuseExisting(path, options)
    await removeLeftovers(path)
    const file = await open(temporary, 'wx+', options.mode ?? 0o666)
    try {
      await write(file, temporary)
      await file.sync()
    } finally {
      await file.close()
    }
    await options.beforeRename?.()
    await (options.force ? rename(temporary, path) : nameOnce(temporary, path))
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(temporary, { force: true })
    throw writeProblem(error, path)
  }
}

/** Refuses before long work what `writeAtomically` would refuse after it. @throws UserError as there */
export async function checkOutput(path: string, options: WriteOptions): Promise<void> {
  await refuseExisting(path, options).catch((error: unknown) => {
    throw writeProblem(error, path)
  })
}

/** A failure to write as the person's problem where it is one, else the error itself. */
export function writeProblem(error: unknown, path: string): unknown {
  const problem = problems[(error as NodeJS.ErrnoException)?.code ?? '']
  return problem ? new UserError(problem[0], `${path} ${problem[1]}.`, { where: { file: path }, cause: error }) : error
}

const notWritable = (reason: string): [string, string] => ['not-writable', `cannot be written: ${reason}`]
const problems: Record<string, [code: string, message: string]> = {
  ENOSPC: ['disk-full', 'cannot be written: the disk is full'],
  EDQUOT: ['disk-full', 'cannot be written: the disk quota is used up'],
  EFBIG: ['disk-full', 'cannot be written: the file would exceed the limit on file sizes'],
  EACCES: notWritable('permission denied'),
  EPERM: notWritable('permission denied'),
  EROFS: notWritable('the file system is read-only'),
  ENOENT: notWritable('its folder does not exist'),
  ENOTDIR: notWritable('its folder is not a folder'),
  EISDIR: notWritable('it is a folder'),
  EEXIST: notWritable('a file of that name is in the way'),
  ENAMETOOLONG: notWritable('the name is too long'),
}

async function refuseExisting(path: string, { force }: WriteOptions): Promise<void> {
  const existing = await stat(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  })
  if (!existing) {
    await access(dirname(path), constants.W_OK)
    return
  }
  if (!force) throw outputExists(path)
  if (!existing.isFile()) throw Object.assign(new Error(path), { code: 'EISDIR' })
}

const outputExists = (path: string): UserError =>
  new UserError('output-exists', `${path} exists.`, { where: { file: path }, hint: 'Use --force to replace it.' })

/** `link` fails where another process took the name meanwhile; file systems without links fall back to `rename`. */
async function nameOnce(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw outputExists(path)
    await rename(temporary, path)
    return
  }
  await rm(temporary)
}

/** What follows the path in a temporary name: the process that writes it, and something random. */
const temporarySuffix = /^\.part-([1-9]\d{0,9})-[0-9a-f]{8}$/

/** Files that have exactly such a name, and whose process is gone; whatever else lies there is somebody else's. */
async function removeLeftovers(path: string): Promise<void> {
  const name = basename(path)
  for (const entry of await readdir(dirname(path), { withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.startsWith(name)) continue
    const writer = temporarySuffix.exec(entry.name.slice(name.length))
    if (writer && !isRunning(Number(writer[1]))) await rm(join(dirname(path), entry.name), { force: true })
  }
}

/** Whether a process of this number runs, of any user. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Makes a rename last; not every platform can open a folder. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined)
  await folder?.sync().catch(() => {})
  await folder?.close()
}
