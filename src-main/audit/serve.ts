import { decodeCase, MAX_CASE_BYTES } from '../core/bundle/audit-case.ts'
import { UserError } from '../core/errors.ts'
import { sha256 } from '../files/sha256.ts'
import { readBody } from '../http/body.ts'
import { checkListen, json, listen, type Listening, type ListenOptions } from '../http/listen.ts'
import { Auditor, type AuditorOptions } from './auditor.ts'

export interface ServeAuditsOptions extends ListenOptions, AuditorOptions {
  /** Cases that may wait or run; more are refused at once. */
  readonly queue: number
}

/**
 * Answers POST /v1/audit with the finding, and GET /health. Documented in docs/edge-api.md.
 * @throws UserError what opening a bundle and listening say
 */
export async function serveAudits(options: ServeAuditsOptions): Promise<Listening> {
  checkListen(options)
  const auditor = await Auditor.open(options)
  const { deploymentId, bundles } = auditor
  let pending = 0
  const listening = await listen(options, async (request) => {
    if (`${request.method} ${request.url}` === 'GET /health') {
      return json(200, { status: 'ok', deploymentId, bundleSha256: bundles[0], bundles })
    }
    if (request.url !== '/v1/audit') throw new UserError('not-found', 'There is no such path.')
    if (request.method !== 'POST') throw new UserError('method-not-allowed', 'Use POST.')
    if (pending >= options.queue) throw new UserError('busy', 'The queue is full.')
    pending += 1
    try {
      const given = decodeCase(await readBody(request, MAX_CASE_BYTES), sha256)
      const { job, segment } = given.receipt
      return json(200, { job, segment, finding: await auditor.audit(given) })
    } finally {
      pending -= 1
    }
  }).catch(async (error: unknown) => {
    await auditor.close()
    throw error
  })
  return {
    url: listening.url,
    async close() {
      await listening.close()
      await auditor.close()
    },
  }
}
