/** A current NATS server beside that of the distribution, made by Go from the module that is named here. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { onceAtATime } from './once-at-a-time.ts'

export const currentNatsVersion = '2.15.3'
const module = `github.com/nats-io/nats-server/v2@v${currentNatsVersion}`
const folder = join(import.meta.dirname, '..', '.cache', 'nats-server', currentNatsVersion)

/** The folder of the program; undefined, after saying why, where Go is missing or cannot build it. */
export async function ensureCurrentNatsServer(): Promise<string | undefined> {
  return await onceAtATime('current-nats-server', async () => {
    const program = join(folder, 'nats-server')
    if (existsSync(program)) return folder
    mkdirSync(folder, { recursive: true })
    process.stderr.write(`Building nats-server ${currentNatsVersion} with Go…\n`)
    const built = spawnSync('go', ['install', module], { env: { ...process.env, GOBIN: folder }, encoding: 'utf8' })
    if (built.status === 0 && existsSync(program)) return folder
    const reason = built.error?.message ?? built.stderr.trim().split('\n').at(-1)
    process.stderr.write(`No current nats-server, so nothing is tested on it: ${reason}\n`)
    return undefined
  })
}
