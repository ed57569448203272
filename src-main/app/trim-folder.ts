import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Removes the files of a folder that were written longest ago until the others take at most so many bytes. */
export async function trimFolder(folder: string, mostBytes: number): Promise<void> {
  const paths = (await readdir(folder).catch(() => [])).map((name) => join(folder, name))
  const files = await Promise.all(paths.map(async (path) => ({ path, stats: await stat(path) })))
  let bytes = 0
  for (const { path, stats } of files.sort((a, b) => b.stats.mtimeMs - a.stats.mtimeMs)) {
    bytes += stats.size
    if (bytes > mostBytes) await rm(path, { recursive: true, force: true })
  }
}
