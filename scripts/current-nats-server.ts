/** A current NATS server beside that of the distribution, made by Go from the module that is named here. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { onceAtATime } from './once-at-a-time.ts'

export const currentNatsVersion = '2.15.3'
const module = `github.com/nats-io/nats-server/v2@v${currentNatsVersion}`
const folder = join(import.meta.dirname, '..', '.cache', 'nats-server', currentNatsVersion)

/** The folder of the program. Throws Error with the command to run, if Go is missing or cannot build it. */
export async function ensureCurrentNatsServer(): Promise<string> {
  return await onceAtATime('current-nats-server', async () => {
    const program = join(folder, 'nats-server')
    if (existsSync(program)) return folder
    mkdirSync(folder, { recursive: true })
    process.stderr.write(`Building nats-server ${currentNatsVersion} with Go…\n`)
    const built = spawnSync('go', ['install', module], { env: { ...process.env, GOBIN: folder }, encoding: 'utf8' })
    if (built.status === 0 && existsSync(program)) return folder
    const reason = built.error?.message ?? built.stderr.trim().split('\n').at(-1)
    throw new Error(
      `These tests need nats-server ${currentNatsVersion}, and it could not be built: ${reason}\n` +
        `With Go (https://go.dev/dl, 1.21 or later) run: GOBIN=${folder} go install ${module}`,
    )
  })
}
