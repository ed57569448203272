import type { Command } from 'commander'
import type { TrustRequest } from '../../jobs/edge-bundle.ts'
import { edgeSubmit, type EdgeSubmitResult } from '../../jobs/edge-submit.ts'
import type { NatsRequest } from '../../jobs/nats.ts'
import { answer, command } from '../command.ts'
import { withNats } from '../nats.ts'
import { withTrust } from '../options.ts'
import { table } from '../table.ts'
import { seconds } from '../../core/units.ts'
import { path, positiveNumber, wholeNumber } from '../values.ts'

interface Options extends TrustRequest, NatsRequest {
  readonly json?: boolean
  readonly input: string
  readonly index: number
  readonly count: number
  readonly deadline: number
  readonly queue: number
}

export function edgeSubmitCommand(): Command {
  const base = command(
    'submit <bundle>',
    'encrypt samples here, have nodes compute on them, and get what the owner reveals',
    [
      'sealwright edge submit lenet5.sealed --nats nats://127.0.0.1:4222 --input digit.png',
      'sealwright edge submit node-1.sealed --nats tls://queue.example:4222 --nats-user camera \\\n      --nats-password-file password.txt --nats-ca ca.pem --input images.npy --count 100 --json',
    ],
  )
    .requiredOption('--input <data>', 'samples: arrays, tables, pictures, folders (docs/data.md)', path)
    .option('--index <number>', 'the first sample of the input, from 0', wholeNumber, 0)
    .option('--count <number>', 'how many results; with a batch, each takes that many samples', positiveNumber, 1)
    .option('--deadline <seconds>', 'for each result, counted from its submission', positiveNumber, 60)
    .option('--queue <number>', 'jobs under way at once', positiveNumber, 8)
  return withTrust(withNats(base, 'the server that queues the jobs')).action(
    async (bundle: string, { json, ...options }: Options) => {
      await answer(json === true, async (work) => {
        const result = await edgeSubmit({ bundle: path(bundle), ...options }, work)
        const failed = result.jobs.some((job) => 'error' in job)
        return { json: result, text: textOf(result), ...(failed && { exitCode: 1 }) }
      })
    },
  )
}

const textOf = ({ jobs }: EdgeSubmitResult): string =>
  table(
    ['sample', 'answer', 'time'],
    jobs.map((job) => [job.index, 'answer' in job ? answerText(job.answer) : job.error.message, seconds(job.seconds)]),
  )

/** What the policy tells of a result, as the gateway writes it. */
function answerText({ label, isQuantity, labelName, top, topNames, scores }: Record<string, unknown>): string {
  const list = (name: string, values: unknown): string[] =>
    Array.isArray(values) ? [`${name} ${values.join(',')}`] : []
  if (isQuantity) return Array.isArray(scores) ? scores.join(',') : label === 1 ? 'above 0' : '0 or below'
  const best = labelName ?? label
  return [
    ...(typeof best === 'string' || typeof best === 'number' ? [best] : []),
    ...list('top', topNames ?? top),
    ...list('scores', scores),
  ].join(', ')
}
