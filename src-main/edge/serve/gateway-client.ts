import { z } from 'zod'
import { UserError } from '../../core/errors.ts'
import { ask } from '../../http/ask.ts'

/** The owner's gateway, which opens results. */
export interface Gateway {
  readonly url: string
  readonly token?: string
}

/** An audited answer comes after a replay. */
const timeoutMs = 120_000
const maxReplyBytes = 2 ** 20

/** What the gateway says where it audits a job: which segments are to be opened, before anything is revealed. */
const auditSchema = z.strictObject({
  audit: z.strictObject({
    job: z.string().regex(/^[0-9a-f]{32}$/),
    segments: z.array(z.int().min(0).max(63)).min(1).max(64),
  }),
})

/** An audit case of a job that was computed here. Throws UserError 'not-found'. */
export type Open = (job: string, segment: number) => Uint8Array

/**
 * Posts a result, opens it where it is audited, and returns what the owner's policy reveals.
 * @throws UserError gateway-refused, gateway-unreachable
 */
export async function askGateway(gateway: Gateway, result: Uint8Array, open: Open): Promise<unknown> {
  let reply = await post(gateway, '/v1/decrypt', result)
  for (let left = 64; reply.status === 202 && left > 0; left--) {
    const audited = auditSchema.safeParse(reply.value)
    if (!audited.success) throw unreachable('it asks for something unknown')
    const { job, segments } = audited.data.audit
    reply = await post(gateway, '/v1/openings', open(job, segments[0]))
  }
  if (reply.status === 200) return reply.value
  throw new UserError('gateway-refused', `The gateway refused with status ${reply.status}.`)
}

const unreachable = (cause: unknown): UserError =>
  new UserError('gateway-unreachable', 'The gateway gave no answer.', { cause })

async function post({ url, token }: Gateway, path: string, body: Uint8Array) {
  const { status, bytes } = await ask({
    ...{ url, token, path, body, whom: 'The gateway' },
    ...{ type: 'application/octet-stream', timeoutMs, maxReplyBytes },
  }).catch((cause: unknown) => {
    throw unreachable(cause)
  })
  if (status !== 200 && status !== 202) return { status, value: undefined }
  try {
    return { status, value: JSON.parse(new TextDecoder().decode(bytes)) as unknown }
  } catch (cause) {
    throw unreachable(cause)
  }
}
