import { constants, existsSync } from 'node:fs'
import { open, opendir, stat, type FileHandle } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { MANIFEST_ENTRY } from '../core/bundle/manifest.ts'
import { UserError } from '../core/errors.ts'
import { damagedBundle } from '../core/plan/damaged-bundle.ts'
import { printableName } from '../core/printable.ts'
import { checkFrame, maxEntries, readDirectory, type Extent } from './bundle-zip.ts'

/** A bundle's entries: in an archive, or as files of the folder that it was unpacked to. All are open until `close`. */
export interface BundleFiles {
  readonly extents: ReadonlyMap<string, Extent>
  /** Of the archive, or of all files. */
  readonly bytes: number
  /** @throws UserError damaged-bundle where bytes between an archive's entries have been changed; a folder has none */
  readonly checkFrame: () => Promise<void>
  readonly close: () => Promise<void>
}

/** @throws UserError damaged-bundle, file-not-readable, and what the file system does */
export async function openBundleFiles(path: string): Promise<BundleFiles> {
  const stats = await stat(path)
  if (stats.isDirectory()) return await openFolder(path)
  // Opening a pipe would wait for a writer.
  if (!stats.isFile()) {
    throw new UserError('file-not-readable', `${path} is not a regular file.`, { where: { file: path } })
  }
  const file = await open(path, 'r')
  try {
    return await openArchive(file)
  } catch (error) {
    await file.close()
    throw error
  }
}

async function openArchive(file: FileHandle): Promise<BundleFiles> {
  const bytes = (await file.stat()).size
  const extents = await readDirectory(file.fd)
  return { extents, bytes, checkFrame: () => checkFrame(file.fd, bytes, extents), close: () => file.close() }
}

/** Each file is opened once, so that what was verified is what is read. Links are refused: they lead out of the folder. */
async function openFolder(folder: string): Promise<BundleFiles> {
  // Before the folder is walked, which may have been named by mistake and be large.
  if (!existsSync(join(folder, MANIFEST_ENTRY))) throw damagedBundle(`it is a folder without ${MANIFEST_ENTRY}`)
  const files: FileHandle[] = []
  const close = async (): Promise<void> => {
    await Promise.all(files.map((file) => file.close()))
  }
  const extents = new Map<string, Extent>()
  let bytes = 0
  try {
    for await (const entry of await opendir(folder, { recursive: true })) {
      if (entry.isDirectory()) continue
      const path = join(entry.parentPath, entry.name)
      const name = relative(folder, path).split(sep).join('/')
      if (!entry.isFile()) throw damagedBundle(`${printableName(name)} is not a regular file`)
      if (extents.size === maxEntries) throw damagedBundle('it has too many entries')
      const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
      files.push(file)
      const { size } = await file.stat()
      extents.set(name, { fd: file.fd, start: 0, bytes: size })
      bytes += size
    }
  } catch (error) {
    await close()
    throw error
  }
  return { extents, bytes, checkFrame: async () => {}, close }
}
