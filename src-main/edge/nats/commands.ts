import { reportError, UserError, type ErrorReport } from '../../core/errors.ts'
import { stepCounter, throwIfCancelled, type WorkContext } from '../../core/progress.ts'
import { listen, type Listening } from '../../http/listen.ts'
import { statusReply } from '../../http/status.ts'
import type { NatsOptions } from '../../nats/connect.ts'
import { reread } from '../../files/reread.ts'
import { required, runnerFrom, segmentsFrom, textOf, trustFrom, wholeNumber, type Values } from '../arguments.ts'
import { readInput } from '../read-input.ts'
import { untilSignal } from '../until-signal.ts'
import { serveQueues, type Node } from './node.ts'
import { Submitter } from './submit.ts'

/** `serve --nats`: takes tasks until a signal. */
export async function serveNats(bundle: string, values: Values, work: WorkContext, onUrl: (url: string) => void) {
  const nats = await natsFrom(values)
  const node = await serveQueues(
    {
      bundle,
      trust: await trustFrom(values),
      runner: runnerFrom(values),
      nats,
      segments: segmentsFrom(values),
    },
    work,
    work.log,
  )
  const port = wholeNumber(values['status-port'], '--status-port')
  const status = port === undefined ? undefined : await listenForStatus(port, node)
  onUrl(nats.url)
  try {
    await Promise.race([untilSignal(), node.lost])
  } finally {
    await node.close()
    await status?.close()
  }
  return { closed: true }
}

const listenForStatus = (port: number, node: Node): Promise<Listening> =>
  listen({ port }, async ({ method, url }) => {
    const reply = statusReply(`${method} ${url}`, node)
    if (reply) return reply
    throw new UserError('not-found', 'There is no such path.')
  })

/** One submitted input: what the owner reveals, or why there is nothing. */
export type Submitted = { readonly index: number; readonly seconds: number } & (
  { readonly answer: Record<string, unknown> } | { readonly error: ErrorReport }
)

/** `submit`: inputs, from `--index` on, at most `--queue` of them under way at once. */
export async function submit(bundle: string, values: Values, work: WorkContext): Promise<{ jobs: Submitted[] }> {
  const input = required(values.input, '--input')
  const first = wholeNumber(values.index, '--index') ?? 0
  const count = wholeNumber(values.count, '--count') ?? 1
  const deadlineSeconds = wholeNumber(values.deadline, '--deadline') ?? 60
  const submitter = await Submitter.open(bundle, await trustFrom(values), await natsFrom(values))
  try {
    const { plan, manifest } = submitter
    const jobs: Submitted[] = []
    const step = stepCounter(work, 'submit', count)
    let next = 0
    const submitOne = async (index: number): Promise<Submitted> => {
      const values = await readInput(input, first + index * plan.batch, plan, manifest.preprocessing)
      const startedMs = performance.now()
      const done = (): { index: number; seconds: number } => ({
        index: first + index * plan.batch,
        seconds: Math.round(performance.now() - startedMs) / 1000,
      })
      try {
        const answer = await submitter.submit(values, deadlineSeconds)
        return { ...done(), answer }
      } catch (error) {
        // A single job's failure is the command's own.
        if (count === 1 || !(error instanceof UserError)) throw error
        return { ...done(), error: reportError(error) }
      }
    }
    const submitSome = async (): Promise<void> => {
      while (next < count) {
        throwIfCancelled(work)
        const index = next++
        jobs[index] = await submitOne(index)
        step()
      }
    }
    const atOnce = wholeNumber(values.queue, '--queue') ?? 8
    await Promise.all(Array.from({ length: Math.max(1, Math.min(atOnce, count)) }, submitSome))
    return { jobs }
  } finally {
    await submitter.close()
  }
}

async function natsFrom(values: Values): Promise<NatsOptions> {
  return {
    url: required(values.nats, '--nats'),
    credentials: await secretOf(values['nats-credentials']),
    user: values['nats-user'],
    password: await secretOf(values['nats-password-file']),
    token: await secretOf(values['nats-token-file']),
    authority: await textOf(values['nats-ca']),
    certificate: await textOf(values['nats-cert']),
    key: await textOf(values['nats-key']),
  }
}

/** Read anew whenever the connection is: a password may change while a node runs. */
async function secretOf(path: string | undefined): Promise<(() => string) | undefined> {
  const first = await textOf(path)
  if (path === undefined || first === undefined) return undefined
  const read = reread(path, first)
  return () => read().trim()
}
