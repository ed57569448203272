import { present } from '../core/must.ts'
import type { Log } from '../core/log.ts'

/** The oldest server that the tests run on. */
const oldestTested = [2, 9, 10]
/** From here on a server that was killed does not find finished work again. */
const firstWithoutRecovery = [2, 10, 0]

/** Warns of a server that is older than the tests, or whose faults cost time. */
export function checkVersion(version: string | undefined, log: Log): void {
  const parts = /^(\d+)\.(\d+)\.(\d+)/
    .exec(version ?? '')
    ?.slice(1)
    .map(Number)
  const fields = { version, oldestTested: oldestTested.join('.') }
  if (!parts || isBefore(parts, oldestTested)) {
    log('warn', 'the NATS server is older than any that was tested', fields)
  } else if (isBefore(parts, firstWithoutRecovery)) {
    log('warn', 'this NATS server hands finished work out again after a crash: use 2.10 or later', fields)
  }
}

function isBefore(version: readonly number[], other: readonly number[]): boolean {
  const at = version.findIndex((part, i) => part !== other[i])
  return at >= 0 && present(version[at]) < present(other[at])
}
