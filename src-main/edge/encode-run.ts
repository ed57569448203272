import { encodeResult } from '../core/bundle/result.ts'
import { sha256 } from '../files/sha256.ts'
import type { Bundle } from './open-bundle.ts'

/** The result file of one run of a bundle's segment. */
export function encodeRun(
  { manifest, sha256: bundleSha256 }: Bundle,
  ciphertexts: readonly Uint8Array[],
  segment = 0,
): Uint8Array {
  const { deploymentId } = manifest
  return encodeResult({ deploymentId, bundleSha256, segment, ciphertexts }, sha256)
}
