import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { UserError } from '../core/errors.ts'
import { isRunning, writeProblem } from './write-atomically.ts'

/** The right to change a file, held until it is released or its process ends. */
export interface FileLock {
  release(): Promise<void>
}

interface Holder {
  readonly host: string
  readonly pid: number
  /** When the process started, where that can be found out: a number may be given to another process. */
  readonly started: string
}

const betweenMs = 15
const takenOverMs = 60

/**
 * Locks `path` for this process by a file beside it, `path.lock`. One whose process has ended is taken over; one from
 * another machine is respected.
 * @throws UserError in-use where another holds it for longer than `waitMs`; not-writable
 */
export async function lockFile(path: string, waitMs = 0): Promise<FileLock> {
  const name = `${path}.lock`
  const own = JSON.stringify({ ...(await self()), token: randomBytes(8).toString('hex') })
  const untilMs = performance.now() + waitMs
  for (;;) {
    if (await create(name, own)) return { release: () => rm(name, { force: true }) }
    const found = await readFile(name, 'utf8').catch(() => undefined)
    if (found === undefined) continue
    if (await isStale(found)) {
      await takeAway(name, found)
      // Another that found it stale at the same moment has had its time.
      if ((await create(name, own)) && (await stays(name, own))) return { release: () => rm(name, { force: true }) }
      continue
    }
    if (performance.now() > untilMs) throw inUse(path, name, found)
    await pause(betweenMs)
  }
}

/** Runs `work` while the lock is held. Throws what `lockFile` does. */
export async function withLock<T>(path: string, waitMs: number, work: () => Promise<T>): Promise<T> {
  const lock = await lockFile(path, waitMs)
  try {
    return await work()
  } finally {
    await lock.release()
  }
}

/** With its content at once, by `link`, where the file system has links. */
async function create(name: string, own: string): Promise<boolean> {
  const draft = `${name}-${randomBytes(6).toString('hex')}`
  try {
    await writeFile(draft, own, { flag: 'wx', mode: 0o600 })
    await link(draft, name).catch(async (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error
      await writeFile(name, own, { flag: 'wx', mode: 0o600 })
    })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw writeProblem(error, name)
  } finally {
    await rm(draft, { force: true })
  }
}

async function stays(name: string, own: string): Promise<boolean> {
  await pause(takenOverMs)
  return (await readFile(name, 'utf8').catch(() => '')) === own
}

/** By renaming, so that only one can take it; what turns out to be another's goes back. */
async function takeAway(name: string, stale: string): Promise<void> {
  const aside = `${name}-${randomBytes(6).toString('hex')}`
  try {
    await rename(name, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw writeProblem(error, name)
  }
  const taken = await readFile(aside, 'utf8')
  if (taken !== stale) await create(name, taken)
  await rm(aside, { force: true })
}

async function isStale(text: string): Promise<boolean> {
  const holder = parse(text)
  if (!holder || holder.host !== hostname()) return false
  return !isRunning(holder.pid) || (await describe(holder.pid)).started !== holder.started
}

function parse(text: string): Holder | undefined {
  try {
    const { host, pid, started } = JSON.parse(text) as Partial<Holder>
    return typeof host === 'string' && typeof pid === 'number' && typeof started === 'string'
      ? { host, pid, started }
      : undefined
  } catch {
    return undefined
  }
}

let described: Promise<Holder> | undefined
const self = (): Promise<Holder> => (described ??= describe(process.pid))

/** Linux tells when a process started, in ticks since this boot. */
async function describe(pid: number): Promise<Holder> {
  const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '')
  const [stat, boot] = await Promise.all([read(`/proc/${pid}/stat`), read('/proc/sys/kernel/random/boot_id')])
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { host: hostname(), pid, started: stat === '' ? '' : `${boot.trim()} ${fields[19]}` }
}

function inUse(path: string, name: string, found: string): UserError {
  const holder = parse(found)
  const who = holder ? `process ${holder.pid} on ${holder.host}` : 'another process'
  return new UserError('in-use', `${path} is in use by ${who}.`, {
    where: { file: path },
    hint: `Stop it first. If it is no longer running, remove ${name}.`,
  })
}
