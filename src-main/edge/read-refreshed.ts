import { open } from 'node:fs/promises'
import { decodeResult, isKind, MAX_RESULT_BYTES, type EncryptedResult } from '../core/bundle/result.ts'
import { UserError } from '../core/errors.ts'
import { readBytes } from '../data/read-file.ts'
import { sha256 } from '../files/sha256.ts'
import type { Bundle } from './open-bundle.ts'

/**
 * The ciphertexts that the owner refreshed for a later segment, where the input is such a file; undefined where
 * it is something else, samples for instance.
 * @throws UserError damaged-result, input-of-another-bundle
 */
export async function readRefreshed(path: string, bundle: Bundle): Promise<EncryptedResult | undefined> {
  if (!isKind(await firstBytes(path), 'refreshed')) return undefined
  const refreshed = decodeResult(await readBytes(path, MAX_RESULT_BYTES), sha256, 'refreshed')
  const { manifest } = bundle
  const isOurs = refreshed.deploymentId === manifest.deploymentId && refreshed.bundleSha256 === bundle.sha256
  if (!isOurs || refreshed.segment < 1 || refreshed.segment >= manifest.segments.length) {
    throw new UserError('input-of-another-bundle', `${path} was refreshed for another bundle.`, {
      where: { file: path },
    })
  }
  return refreshed
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
