import { UserError } from '../errors.ts'

/** Strict UTF-8 and JSON within a size. @throws UserError damaged-bundle */
export function parseJson(what: string, bytes: Uint8Array, maxBytes: number): unknown {
  const refuse = (reason: string): UserError => new UserError('damaged-bundle', `The ${what} is damaged: ${reason}.`)
  if (bytes.length > maxBytes) throw refuse(`it is larger than ${maxBytes} bytes`)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw refuse('it is not JSON')
  }
}
