/** The NATS server that tests need, on Debian and Ubuntu. */
import { spawnSync } from 'node:child_process'
import { findNatsServer } from '../src-main/jobs/nats-server.ts'
import { onceAtATime } from './once-at-a-time.ts'

const command = 'apt-get update && apt-get install -y --no-install-recommends nats-server'

/**
 * The path of a nats-server, which is installed where it is missing and that is permitted; otherwise throws Error with
 * the exact command to run.
 */
export async function ensureNatsServer(): Promise<string> {
  return await onceAtATime('nats-server', async () => {
    const found = findNatsServer()
    if (found !== undefined) return found
    const isRoot = process.getuid?.() === 0
    const [program, ...options] = isRoot ? ['bash'] : ['sudo', '-n', 'bash']
    process.stderr.write('Installing nats-server…\n')
    spawnSync(program, [...options, '-c', command], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const installed = findNatsServer()
    if (installed !== undefined) return installed
    throw new Error(`These tests need nats-server. Run: ${isRoot ? command : `sudo sh -c '${command}'`}`)
  })
}
