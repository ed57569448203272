/** Work that processes of one checkout must not do at the same time: fetching Electron, installing packages, building. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const locks = join(dirname(dirname(fileURLToPath(import.meta.url))), '.cache', 'locks')

/** Waits for other processes' work of that name, then does one's own. A lock whose process is gone is taken over. */
export async function onceAtATime<T>(name: string, work: () => Promise<T>): Promise<T> {
  await mkdir(locks, { recursive: true })
  const lock = join(locks, name)
  while (!(await taken(lock))) {
    if (!(await ownerLives(lock))) await rm(lock, { force: true })
    await pause(200)
  }
  try {
    return await work()
  } finally {
    await rm(lock, { force: true })
  }
}

const taken = (lock: string): Promise<boolean> =>
  writeFile(lock, String(process.pid), { flag: 'wx' }).then(
    () => true,
    () => false,
  )

async function ownerLives(lock: string): Promise<boolean> {
  const owner = Number(await readFile(lock, 'utf8').catch(() => ''))
  // Its owner may be about to write, or to remove it.
  if (!owner) return true
  try {
    process.kill(owner, 0)
    return true
  } catch {
    return false
  }
}
