/** The NATS server that tests need, on Debian and Ubuntu. */
import { findNatsServer } from '../src-main/jobs/nats-server.ts'
import { aptCommand, aptInstall } from './apt.ts'
import { onceAtATime } from './once-at-a-time.ts'

const packages = ['nats-server']

/**
 * The path of a nats-server, which is installed where it is missing and that is permitted; otherwise throws Error with
 * the exact command to run.
 */
export async function ensureNatsServer(): Promise<string> {
  return await onceAtATime('nats-server', async () => {
    const found = findNatsServer()
    if (found !== undefined) return found
    aptInstall(packages)
    const installed = findNatsServer()
    if (installed !== undefined) return installed
    throw new Error(`These tests need nats-server. Run: ${aptCommand(packages)}`)
  })
}
