import { UserError } from '../../core/errors.ts'

/** The owner's gateway, which opens results. */
export interface Gateway {
  readonly url: string
  readonly token?: string
}

const timeoutMs = 30_000
const maxReplyBytes = 2 ** 20

/** Posts a result; returns what the owner's policy reveals. Throws UserError 'gateway-refused', 'gateway-unreachable'. */
export async function askGateway({ url, token }: Gateway, result: Uint8Array): Promise<unknown> {
  const unreachable = (cause: unknown): UserError =>
    new UserError('gateway-unreachable', 'The gateway gave no answer.', { cause })
  const response = await fetch(new URL('/v1/decrypt', url), {
    method: 'POST',
    body: result as Uint8Array<ArrayBuffer>,
    headers: { 'content-type': 'application/octet-stream', ...(token && { authorization: `Bearer ${token}` }) },
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((cause) => {
    throw unreachable(cause)
  })
  if (!response.ok) throw new UserError('gateway-refused', `The gateway refused with status ${response.status}.`)
  const text = await response.text()
  if (text.length > maxReplyBytes) throw unreachable('its answer is too long')
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw unreachable(cause)
  }
}
