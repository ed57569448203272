import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, sep, win32 } from 'node:path'
import { UserError } from '../core/errors.ts'
import { getOrMake } from '../core/get-or-make.ts'
import { MAX_FILE_BYTES } from '../files/read-file.ts'

/**
 * Loads the external data files of a model: regular files in the model's folder or below it, links resolved,
 * or where the model itself is a link into a cache of Hugging Face, in that repository's blobs.
 * The loader throws UserError: unsafe-external-data, missing-external-data.
 */
export function externalDataOf(modelPath: string): (location: string) => Uint8Array {
  const folder = realpathSync(dirname(modelPath))
  const blobs = existsSync(modelPath) ? blobsOf(folder, realpathSync(modelPath)) : undefined
  const loaded = new Map<string, Uint8Array>()
  return (location) => {
    // However a file is spelled, it is held once.
    const path = pathOf(folder, location, blobs)
    return getOrMake(loaded, path, () => readFileSync(path))
  }
}

/**
 * Hugging Face's cache keeps files as models--…/blobs/HASH and links to them from models--…/snapshots/COMMIT: the folder
 * that links may then lead to, of the same repository.
 */
function blobsOf(folder: string, model: string): string | undefined {
  const real = dirname(model)
  const repository = dirname(real)
  return basename(real) === 'blobs' && inside(repository, folder) ? real : undefined
}

/** The file itself, links resolved. */
function pathOf(folder: string, location: string, blobs: string | undefined): string {
  const unsafe = new UserError(
    'unsafe-external-data',
    `The model keeps weights in “${location.slice(0, 200)}”, which is not a file of its own folder.`,
    { hint: 'External data must lie beside the model, under a relative path.' },
  )
  const path = join(folder, location)
  if (location.includes('\0') || location.includes('\\') || isAbsolute(location) || win32.isAbsolute(location))
    throw unsafe
  if (!inside(folder, path)) throw unsafe
  let real: string
  try {
    real = realpathSync(path)
  } catch (cause) {
    throw new UserError('missing-external-data', `The model keeps weights in “${location}”, which is not there.`, {
      where: { file: path },
      hint: 'Put the file beside the model, under the name it was exported with.',
      cause,
    })
  }
  const stats = statSync(real)
  const isOwn = inside(folder, real) || (blobs !== undefined && inside(blobs, real))
  if (!isOwn || !stats.isFile() || stats.size > 2 * MAX_FILE_BYTES) throw unsafe
  return real
}

function inside(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}
