import { open } from 'node:fs/promises'
import { decodeResult, isKind, MAX_RESULT_BYTES, type EncryptedResult } from '../core/bundle/result.ts'
import { UserError } from '../core/errors.ts'
import { readBytes } from '../data/read-file.ts'
import { sha256 } from '../files/sha256.ts'
import type { Bundle } from './open-bundle.ts'

/**
 * What the owner refreshed, or the segment before handed on, where the input is such a file; undefined where it is
 * something else, samples for instance.
 * @throws UserError damaged-result, input-of-another-bundle, segment-elsewhere
 */
export async function readCiphertexts(path: string, bundle: Bundle): Promise<EncryptedResult | undefined> {
  const start = await firstBytes(path)
  const kind = (['refreshed', 'handed'] as const).find((candidate) => isKind(start, candidate))
  if (!kind) return undefined
  const input = decodeResult(await readBytes(path, MAX_RESULT_BYTES), sha256, kind)
  const before = bundle.cutAfter(input.segment - 1)
  const fits = before !== undefined && (before === 'hand-off') === (kind === 'handed')
  if (input.deploymentId !== bundle.manifest.deploymentId || !fits) {
    throw new UserError('input-of-another-bundle', `${path} was made for another bundle.`, { where: { file: path } })
  }
  bundle.segment(input.segment)
  return input
}

/** Empty where there is no such file to read: reading it as samples will say why. */
async function firstBytes(path: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(12)
  try {
    const file = await open(path, 'r')
    try {
      await file.read(bytes, 0, bytes.length, 0)
    } finally {
      await file.close()
    }
  } catch {
    return new Uint8Array()
  }
  return bytes
}
