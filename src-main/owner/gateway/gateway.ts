import { UserError } from '../../core/errors.ts'
import { noLog, type Log } from '../../core/log.ts'
import { MAX_RESULT_BYTES } from '../../core/bundle/result.ts'
import { readBody } from '../../http/body.ts'
import { checkListen, json, listen, type Listening, type ListenOptions } from '../../http/listen.ts'
import { currentRequestId } from '../../http/request-id.ts'
import { statusReply } from '../../http/status.ts'
import type { DecryptResult } from '../decrypt.ts'
import type { ShowOpening } from './audits.ts'
import { openDesk, type Desk, type DeskOptions } from './desk.ts'
import { PendingAudits } from './pending-audits.ts'

export interface GatewayOptions extends ListenOptions, DeskOptions {}

/** Its `desk` opens results outside the limits of tokens, for canaries and for work queues. */
export interface GatewayServer extends Listening {
  readonly desk: Desk
  /** Adds what `/ready` looks at: why work cannot be taken now. */
  readyUnless(problems: () => readonly string[]): void
}

const paths = ['/v1/decrypt', '/v1/refresh', '/v1/openings']

/**
 * The owner's gateway: POST /v1/decrypt with a result file answers what the deployment's policy reveals, POST /v1/refresh the
 * next segment's input, or both 202 where the job is to be opened first, by POST /v1/openings with an audit case.
 * @throws UserError wrong-passphrase, unknown-deployment, broken-audit-log, insecure-listen, cannot-listen
 */
export async function startGateway(options: GatewayOptions, log: Log = noLog): Promise<GatewayServer> {
  checkListen(options)
  const desk = await openDesk(options)
  const pending = new PendingAudits<DecryptResult | Uint8Array>()
  const reasons: (() => readonly string[])[] = []
  const status = { metrics: desk.metrics, problems: () => reasons.flatMap((problems) => problems()) }
  const listening = await listen(options, async (request, token) => {
    const reply = statusReply(`${request.method} ${request.url}`, status)
    if (reply) return reply
    if (!paths.includes(request.url ?? '')) throw new UserError('not-found', 'There is no such path.')
    if (request.method !== 'POST') throw new UserError('method-not-allowed', 'Use POST.')
    const file = await readBody(request, Math.min(MAX_RESULT_BYTES, 2 ** 26))
    const isResult = request.url !== '/v1/openings'
    const isRefresh = request.url === '/v1/refresh'
    const work = (show: ShowOpening): Promise<DecryptResult | Uint8Array> =>
      isRefresh ? desk.refresh(file, { token, show }) : desk.open(file, { token, show })
    if (isResult) desk.metrics.observe('result_bytes', 'Results that were sent here.', file.length)
    const startedMs = performance.now()
    const answered = isResult ? pending.begin(work, token) : pending.give(file, token)
    const answer = await answered.catch(refuse)
    if ('audit' in answer) return json(202, answer)
    const seconds = (performance.now() - startedMs) / 1000
    if (answer instanceof Uint8Array) {
      desk.metrics.observe('refresh_seconds', "From a result to the next segment's input.", seconds)
      log('info', 'refreshed', { request: currentRequestId(), seconds })
      return { status: 200, type: 'application/octet-stream', body: answer }
    }
    desk.metrics.observe('open_seconds', 'From a result to what the policy reveals of it.', seconds)
    log('info', 'opened', { request: currentRequestId(), seconds })
    return json(200, answer)
  }).catch(async (error: unknown) => {
    await desk.close()
    throw error
  })
  return {
    url: listening.url,
    desk,
    readyUnless: (problems) => void reasons.push(problems),
    async close() {
      reasons.push(() => ['the gateway stops'])
      await listening.close()
      await desk.close()
    },
  }
}

/** A full disk looks like a bad result to whoever asks: the reason is for the owner, who has it in log and metrics. */
function refuse(error: unknown): never {
  if (error instanceof UserError && ['too-many-requests', 'busy'].includes(error.code)) throw error
  throw new UserError('refused', 'The result was refused.', { cause: error })
}
