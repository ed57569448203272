import { present } from '../../core/must.ts'
import { z } from 'zod'
import { UserError } from '../../core/errors.ts'
import { ask } from '../../http/ask.ts'
import { CIPHERTEXTS_TYPE } from './body.ts'

/** The owner's gateway, which opens results. */
export interface Gateway {
  readonly url: string
  readonly token?: string
}

/** An audited answer comes after a replay. */
const timeoutMs = 120_000
const maxAnswerBytes = 2 ** 20
const maxInputBytes = 2 ** 26

/** What the gateway says where it audits a job: which segments are to be opened, before anything is revealed. */
const auditSchema = z.strictObject({
  audit: z.strictObject({
    job: z.string().regex(/^[0-9a-f]{32}$/),
    segments: z.array(z.int().min(0).max(63)).min(1).max(64),
  }),
})

/** An audit case of a job that was computed here. @throws UserError not-found */
export type Open = (job: string, segment: number) => Uint8Array

/**
 * Posts a result, opens it where it is audited, and returns what the owner's policy reveals.
 * @throws UserError gateway-refused, gateway-unreachable
 */
export async function askGateway(gateway: Gateway, result: Uint8Array, open: Open): Promise<unknown> {
  const answer = await askAndOpen(gateway, '/v1/decrypt', result, open, maxAnswerBytes)
  try {
    return parse(answer)
  } catch (cause) {
    throw unreachable(cause)
  }
}

/**
 * The same for a result before a refresh, with the next segment's input for an answer.
 * @throws UserError gateway-refused, gateway-unreachable
 */
export const askRefresh = (gateway: Gateway, result: Uint8Array, open: Open): Promise<Uint8Array> =>
  askAndOpen(gateway, '/v1/refresh', result, open, maxInputBytes)

async function askAndOpen(
  gateway: Gateway,
  path: string,
  result: Uint8Array,
  open: Open,
  maxReplyBytes: number,
): Promise<Uint8Array> {
  let reply = await post(gateway, path, result, maxReplyBytes)
  for (let left = 64; reply.status === 202 && left > 0; left--) {
    const audited = auditSchema.safeParse(parsed(reply.bytes))
    if (!audited.success) throw unreachable('its reply has an unknown form')
    const { job, segments } = audited.data.audit
    reply = await post(gateway, '/v1/openings', open(job, present(segments[0])), maxReplyBytes)
  }
  if (reply.status === 200) return reply.bytes
  throw new UserError('gateway-refused', `The gateway refused with status ${reply.status}.`)
}

const unreachable = (cause: unknown): UserError =>
  new UserError('gateway-unreachable', 'The gateway did not answer.', { cause })

const parse = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes))

/** Undefined where it is no JSON. */
function parsed(bytes: Uint8Array): unknown {
  try {
    return parse(bytes)
  } catch {
    return undefined
  }
}

async function post({ url, token }: Gateway, path: string, body: Uint8Array, maxReplyBytes: number) {
  return await ask({
    ...{ url, token, path, body, whom: 'The gateway' },
    ...{ type: CIPHERTEXTS_TYPE, timeoutMs, maxReplyBytes },
  }).catch((cause: unknown) => {
    throw unreachable(cause)
  })
}
