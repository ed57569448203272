import { encodeResult } from '../core/bundle/result.ts'
import { sha256 } from '../files/sha256.ts'
import type { Bundle } from '../files/open-bundle.ts'

/** The file of one run of a bundle's segment: a result for the owner, or what is handed to the next segment. */
export function encodeRun(bundle: Bundle, ciphertexts: readonly Uint8Array[], segment = 0): Uint8Array {
  const { deploymentId } = bundle.manifest
  const identity = { deploymentId, bundleSha256: bundle.sha256, ciphertexts }
  return bundle.cutAfter(segment) === 'hand-off'
    ? encodeResult({ ...identity, segment: segment + 1 }, sha256, 'handed')
    : encodeResult({ ...identity, segment }, sha256)
}
