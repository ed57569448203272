import { InvalidArgumentError, type Command } from 'commander'
import type { CanaryRequest } from '../../jobs/gateway.ts'
import { announce, answer, command } from '../command.ts'
import { collectLessOften } from '../collect-less-often.ts'
import { withNats, type NatsOptions } from '../nats.ts'
import {
  logOf,
  repeatable,
  withListening,
  withLog,
  withUnlock,
  type ListenOptions,
  type LogOptions,
  type UnlockOptions,
} from '../options.ts'
import { readUnlock } from '../passphrase.ts'
import { budgetText } from '../budget.ts'
import { collected, path, positiveNumber, wholeNumber } from '../values.ts'

interface Options extends ListenOptions, UnlockOptions, NatsOptions, LogOptions {
  readonly json?: boolean
  readonly keys: string
  readonly deployment: string[]
  readonly auditLog: string
  readonly perMinute: number
  readonly quota?: number
  readonly auditor?: string
  readonly auditorTokenFile?: string
  readonly secondEdge?: string
  readonly secondEdgeTokenFile?: string
  readonly evidence?: string
  readonly openingSeconds: number
  readonly canary: CanaryRequest['samples']
  readonly canaryEdge?: string
  readonly canaryTokenFile?: string
  readonly canaryMinutes: number
  readonly queue: number
  readonly natsReplicas: number
  readonly natsNamed?: boolean
}

export function gatewayCommand(): Command {
  const base = command('gateway', 'open results for others, within policy, limits and quota', [
    'sealwright gateway --keys keys --audit-log audit.jsonl',
    'sealwright gateway --keys keys --audit-log audit.jsonl --deployment 3f9a \\\n      --canary-edge http://127.0.0.1:8080 --canary seven.png=7',
    'sealwright gateway --keys keys --audit-log audit.jsonl --nats nats://127.0.0.1:4222',
  ])
    .requiredOption('--keys <folder>', 'the key store', path)
    .requiredOption('--audit-log <file>', 'signed log of every answer; continued if it exists', path)
    .addOption(repeatable('--deployment <id>', 'serve this one', collected, 'all that are not revoked'))
    .option('--per-minute <number>', 'answers per minute, for each deployment and each token', positiveNumber, 60)
    .option(
      '--quota <number>',
      'images that each deployment may answer in its lifetime, instead of its budget (docs/security.md)',
      positiveNumber,
    )
    .option('--auditor <url>', 'address of `audit serve`, needed for deployments with audits')
    .option('--auditor-token-file <file>', 'bearer token for it', path)
    .option('--second-edge <url>', 'instead of an auditor: another edge with the same bundle, to compare results with')
    .option('--second-edge-token-file <file>', 'bearer token for it', path)
    .option('--evidence <folder>', 'folder for evidence against edges that were caught (default: beside the log)', path)
    .option('--opening-seconds <number>', 'time that an edge has to open an audited job', positiveNumber, 60)
    .option('--queue <number>', 'with --nats: tasks that a queue holds; further ones are refused', positiveNumber, 64)
    .option('--nats-replicas <number>', 'servers of a NATS cluster that keep the queues', positiveNumber, 1)
    .option('--nats-named', 'the server names each party, as in docs/nats-server.conf, so that audits tell nodes apart')
    .addOption(repeatable('--canary <file=label>', 'an input whose label is known', canaries))
    .option('--canary-edge <url>', 'the edge that canaries are sent to')
    .option('--canary-token-file <file>', 'bearer token for that edge', path)
    .option('--canary-minutes <number>', 'how often, on average', positiveNumber, 60)
  const queued = withNats(
    base,
    "create the deployments' queues on this server, and decrypt or refresh the results that arrive",
  )
  return withLog(withUnlock(withListening(queued, 8443))).action(async (options: Options) => {
    const { json, deployment: deployments } = options
    await answer(json === true, async (work) => {
      collectLessOften()
      const { gateway } = await import('../../jobs/gateway.ts')
      const unlock = await readUnlock(options)
      const request = { ...options, ...unlock, deployments, canaries: canaryRequest(options) }
      const result = await gateway(request, { ...work, log: logOf(options, 'gateway') }, (url) =>
        announce(json === true, url),
      )
      return { json: result, text: ['stopped', ...result.deployments.map(budgetText)].join('\n') }
    })
  })
}

function canaries(text: string, before: CanaryRequest['samples']): CanaryRequest['samples'] {
  const at = text.lastIndexOf('=')
  if (at <= 0) throw new InvalidArgumentError('FILE=LABEL is expected.')
  return [...before, { path: path(text.slice(0, at)), label: wholeNumber(text.slice(at + 1)) }]
}

function canaryRequest({
  canary,
  canaryEdge,
  canaryTokenFile,
  canaryMinutes,
  deployment,
}: Options): CanaryRequest | undefined {
  if (canary.length === 0 && canaryEdge === undefined) return undefined
  const [only, ...others] = deployment
  if (canary.length === 0 || canaryEdge === undefined || only === undefined || others.length > 0) {
    throw new InvalidArgumentError('Canaries need --canary, --canary-edge and one --deployment.')
  }
  return {
    edge: canaryEdge,
    edgeTokenFile: canaryTokenFile,
    deployment: only,
    samples: canary,
    everyMinutes: canaryMinutes,
  }
}
