import { open } from 'node:fs/promises'
import { decodeResult, isKind, MAX_RESULT_BYTES, type EncryptedResult } from '../core/bundle/result.ts'
import { UserError } from '../core/errors.ts'
import { readBytes } from '../files/read-file.ts'
import { sha256 } from '../files/sha256.ts'
import type { Bundle } from '../files/open-bundle.ts'

/**
 * What the owner refreshed, or the segment before handed on, where the input is such a file; undefined where it is
 * something else, samples for instance.
 * @throws UserError damaged-result, input-of-another-bundle, segment-elsewhere
 */
export async function readCiphertexts(path: string, bundle: Bundle): Promise<EncryptedResult | undefined> {
  if (!kindOf(await firstBytes(path))) return undefined
  const given = decodeGiven(await readBytes(path, MAX_RESULT_BYTES))
  checkGiven(given, bundle)
  return given.input
}

/** Such a file, of which only sizes and hashes are known to be right. */
export interface GivenInput {
  readonly kind: GivenKind
  readonly input: EncryptedResult
}

type GivenKind = 'refreshed' | 'handed'

const kindOf = (start: Uint8Array): GivenKind | undefined =>
  (['refreshed', 'handed'] as const).find((candidate) => isKind(start, candidate))

/** @throws UserError damaged-result */
export function decodeGiven(bytes: Uint8Array): GivenInput {
  const kind = kindOf(bytes) ?? 'refreshed'
  return { kind, input: decodeResult(bytes, sha256, kind) }
}

/** @throws UserError input-of-another-bundle, segment-elsewhere */
export function checkGiven({ kind, input }: GivenInput, bundle: Bundle): void {
  const before = bundle.cutAfter(input.segment - 1)
  // What was encrypted for a first segment has the form of what was refreshed.
  const fits =
    input.segment === 0 ? kind === 'refreshed' : before !== undefined && (before === 'hand-off') === (kind === 'handed')
  if (input.deploymentId !== bundle.manifest.deploymentId || !fits) {
    throw new UserError('input-of-another-bundle', 'The input was made for another bundle.')
  }
  bundle.segment(input.segment)
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
