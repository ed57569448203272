import { exactBytes } from '../core/units.ts'
import { UserError } from '../core/errors.ts'
import { serverUrl } from './addresses.ts'
import { currentRequestId, REQUEST_ID } from './request-id.ts'

export interface Asked {
  readonly url: string
  /** Who is asked, for messages: "The gateway". */
  readonly whom: string
  readonly path: string
  readonly body: Uint8Array
  readonly type: string
  readonly token?: string
  readonly timeoutMs: number
  readonly maxReplyBytes: number
}

/**
 * Posts to another party's server and reads the reply, no more of it than may be. The id of the request in hand goes with it. Redirects are not followed.
 * @throws UserError insecure-url, bad-url, no-answer
 */
export async function ask(asked: Asked): Promise<{ readonly status: number; readonly bytes: Uint8Array }> {
  const { url, whom, path, body, type, token, timeoutMs, maxReplyBytes } = asked
  const base = serverUrl(url, whom)
  const id = currentRequestId()
  try {
    const response = await fetch(new URL(path, base), {
      method: 'POST',
      body: body as Uint8Array<ArrayBuffer>,
      headers: {
        'content-type': type,
        ...(id !== undefined && { [REQUEST_ID]: id }),
        ...(token && { authorization: `Bearer ${token}` }),
      },
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    })
    return { status: response.status, bytes: await readReply(response, maxReplyBytes) }
  } catch (cause) {
    throw new UserError('no-answer', `${whom} did not answer.`, { cause })
  }
}

async function readReply({ body }: Response, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.length
    // Leaving the loop ends the connection.
    if (bytes > maxBytes) throw new Error(`The reply has more than ${exactBytes(maxBytes)}.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
