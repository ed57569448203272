import { isIPv4 } from 'node:net'
import { UserError } from '../core/errors.ts'

/** Whether a host name or address, in brackets or not, is this machine and nobody else. */
export const isLoopback = (host: string): boolean =>
  ['::1', '[::1]', 'localhost'].includes(host) ||
  (isIPv4(host) && host.startsWith('127.')) ||
  /^(\[)?::ffff:127\.\d+\.\d+\.\d+\]?$/.test(host)

/**
 * The address of somebody else's server: https, or plain http on this machine.
 * @throws UserError bad-url, insecure-url
 */
export function serverUrl(text: string, what: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.username !== '') {
    throw new UserError('bad-url', `${what} must be a URL, such as https://HOST:PORT.`)
  }
  if (url.protocol === 'https:' || isLoopback(url.hostname)) return url
  throw new UserError('insecure-url', `${what} is ${url.origin}, which anyone on the way can read and change.`, {
    hint: 'Use https://. Plain http is for this machine alone.',
  })
}
