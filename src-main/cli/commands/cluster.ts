import type { Command } from 'commander'
import type { TrustRequest } from '../../jobs/edge-bundle.ts'
import { announce, answer, command } from '../command.ts'
import { withTrust, withUnlock, type UnlockOptions } from '../options.ts'
import { readUnlock } from '../passphrase.ts'
import { path, positiveNumber } from '../values.ts'

interface Options extends TrustRequest, UnlockOptions {
  readonly json?: boolean
  readonly keys: string
  readonly auditLog: string
  readonly nodes?: number
  readonly threads: number
  readonly perMinute: number
  readonly queue: number
  readonly quota?: number
}

export function clusterCommand(): Command {
  const base = command(
    'cluster <bundles...>',
    'try a deployment on this machine: a NATS server, the gateway and nodes',
    [
      'sealwright cluster lenet5.sealed --keys keys --audit-log audit.jsonl --nodes 3',
      'sealwright cluster bundles/*.sealed --keys keys --audit-log audit.jsonl',
    ],
  )
    .requiredOption('--keys <folder>', 'the key store', path)
    .requiredOption('--audit-log <file>', 'signed log of every answer; continued if it exists', path)
    .option('--nodes <number>', 'processes that compute (default: one per segment)', positiveNumber)
    .option('--threads <number>', 'worker threads of each node', positiveNumber, 1)
    .option('--per-minute <number>', 'answers per minute, for each deployment and each token', positiveNumber, 60)
    .option(
      '--quota <number>',
      'images that each deployment may answer in its lifetime, instead of its budget (docs/security.md)',
      positiveNumber,
    )
    .option('--queue <number>', 'tasks that a queue holds; further ones are refused', positiveNumber, 64)
  return withUnlock(withTrust(base)).action(async (bundles: string[], { json, ...options }: Options) => {
    await answer(json === true, async (work) => {
      const { cluster } = await import('../../jobs/cluster.ts')
      const request = { ...options, ...(await readUnlock(options)), bundles: bundles.map(path) }
      const result = await cluster(request, work, (url) => announce(json === true, url))
      return { json: result, text: 'stopped' }
    })
  })
}
