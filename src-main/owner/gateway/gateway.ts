import { UserError } from '../../core/errors.ts'
import { MAX_RESULT_BYTES } from '../../core/bundle/result.ts'
import { readBody } from '../../http/body.ts'
import { checkListen, json, listen, type Listening, type ListenOptions } from '../../http/listen.ts'
import { openDesk, type Desk, type DeskOptions } from './desk.ts'

export interface GatewayOptions extends ListenOptions, DeskOptions {}

/** Its `desk` opens results outside the limits of tokens, for canaries and for work queues. */
export interface GatewayServer extends Listening {
  readonly desk: Desk
}

/**
 * The owner's gateway: POST /v1/decrypt with a result file answers what the deployment's policy reveals.
 * @throws UserError wrong-passphrase, unknown-deployment, broken-audit-log, insecure-listen, cannot-listen
 */
export async function startGateway(options: GatewayOptions): Promise<GatewayServer> {
  checkListen(options)
  const desk = await openDesk(options)
  const listening = await listen(options, async (request, token) => {
    const route = `${request.method} ${request.url}`
    if (route === 'GET /health') return json(200, { status: 'ok' })
    if (route === 'GET /metrics') return { status: 200, type: 'text/plain; version=0.0.4', body: desk.metrics.text() }
    if (request.url !== '/v1/decrypt') throw new UserError('not-found', 'There is no such path.')
    if (request.method !== 'POST') throw new UserError('method-not-allowed', 'Use POST.')
    const file = await readBody(request, Math.min(MAX_RESULT_BYTES, 2 ** 26))
    return json(200, await desk.open(file, token).catch(refuse))
  }).catch(async (error) => {
    await desk.close()
    throw error
  })
  return {
    url: listening.url,
    desk,
    async close() {
      await listening.close()
      await desk.close()
    },
  }
}

/** A full disk looks like a bad result to whoever asks: the reason is for the owner, who has it in log and metrics. */
function refuse(error: unknown): never {
  if (error instanceof UserError && error.code === 'too-many-requests') throw error
  throw new UserError('refused', 'The result was refused.', { cause: error })
}
