import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UserError } from '../core/errors.ts'
import { syncFolder, writeProblem, type WriteOptions } from './write-atomically.ts'

/**
 * Writes a folder so that its path holds the old content or all of the new: a temporary name beside it, then a rename.
 * The files in it are the caller's to sync. @throws UserError output-exists, not-writable, disk-full
 */
export async function writeFolder(
  path: string,
  { force, beforeRename }: WriteOptions,
  write: (folder: string) => Promise<void>,
): Promise<void> {
  const temporary = `${path}.part-${process.pid}-${Math.random().toString(36).slice(2, 8)}`
  const replaced = `${temporary}-old`
  try {
    const exists = await refuseExistingFolder(path, force)
    await mkdir(temporary)
    await write(temporary)
    await syncFolder(temporary)
    await beforeRename?.()
    if (exists) await rename(path, replaced)
    await rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    throw writeProblem(error, path)
  }
  await rm(replaced, { recursive: true, force: true })
}

/** Whether there is one to be replaced. @throws UserError output-exists */
export async function refuseExistingFolder(path: string, force = false): Promise<boolean> {
  const existing = await stat(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw writeProblem(error, path)
  })
  if (existing && !(force && existing.isDirectory())) {
    const hint = existing.isDirectory()
      ? 'Choose another name, or replace it with --force on the command line.'
      : 'It is a file. Name a folder.'
    throw new UserError('output-exists', `${path} exists.`, { where: { file: path }, hint })
  }
  return existing !== undefined
}
