import { damagedBundle } from '../plan/damaged-bundle.ts'

/** Length and SHA-256 of one weight ciphertext; they follow each other in the blob without gaps. */
export interface WeightRecord {
  readonly bytes: number
  readonly sha256: Uint8Array
}

/** A packed ciphertext at N = 32768 with 20 primes has 5 MB. */
const maxWeightBytes = 2 ** 24
const recordBytes = 4 + 32

/** 36 bytes per weight: length as little-endian uint32, then the hash. */
export function encodeWeightIndex(records: readonly WeightRecord[]): Uint8Array {
  const out = new Uint8Array(records.length * recordBytes)
  const view = new DataView(out.buffer)
  records.forEach(({ bytes, sha256 }, index) => {
    view.setUint32(index * recordBytes, bytes, true)
    out.set(sha256, index * recordBytes + 4)
  })
  return out
}

/** @throws UserError damaged-bundle unless it holds `count` records that fill a blob of `blobBytes` */
export function decodeWeightIndex(index: Uint8Array, count: number, blobBytes: number): WeightRecord[] {
  if (index.length !== count * recordBytes) throw damagedBundle('its index does not match its plan')
  const view = new DataView(index.buffer, index.byteOffset, index.byteLength)
  const records = Array.from({ length: count }, (_, i) => ({
    bytes: view.getUint32(i * recordBytes, true),
    sha256: index.subarray(i * recordBytes + 4, (i + 1) * recordBytes),
  }))
  if (records.some(({ bytes }) => bytes > maxWeightBytes)) throw damagedBundle('a weight is too large')
  const total = records.reduce((sum, { bytes }) => sum + bytes, 0)
  if (total !== blobBytes) throw damagedBundle('its index does not match its weights')
  return records
}
