import { UserError } from '../../core/errors.ts'
import { ask } from '../../http/ask.ts'

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
  const { status, bytes } = await ask({
    ...{ url, token, path: '/v1/decrypt', whom: 'The gateway' },
    ...{ body: result, type: 'application/octet-stream', timeoutMs, maxReplyBytes },
  }).catch((cause) => {
    throw unreachable(cause)
  })
  if (status !== 200) throw new UserError('gateway-refused', `The gateway refused with status ${status}.`)
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch (cause) {
    throw unreachable(cause)
  }
}
