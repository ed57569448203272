import { parseJson } from './json.ts'
import { packedLength, unpackSaved } from './packed-ciphertext.ts'

/** The form of all files that carry ciphertexts: magic (8), length of the header (little-endian uint32), header (JSON), blobs. */
export const MAGIC_BYTES = 8
const maxHeaderBytes = 2 ** 22

/** The first bytes of a kind of file; MAGIC_BYTES characters of ASCII. */
export const magicOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Whether a file is of this kind, and long enough to say how long its header is. */
export const hasMagic = (file: Uint8Array, magic: Uint8Array): boolean =>
  file.length >= MAGIC_BYTES + 4 && magic.every((byte, i) => file[i] === byte)

/** What a file carries behind its header: bytes, or what writes so many of them where it is told. */
export type BlobSource = Uint8Array | { readonly length: number; readonly writeTo: (target: Uint8Array) => void }

/** Magic, length of the header (uint32, little-endian), the header as JSON in UTF-8, then the blobs one after another. */
export function encodeFramed(magic: Uint8Array, header: unknown, blobs: readonly BlobSource[]): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header))
  let at = MAGIC_BYTES + 4 + json.length
  const file = new Uint8Array(blobs.reduce((sum, { length }) => sum + length, at))
  file.set(magic)
  new DataView(file.buffer).setUint32(MAGIC_BYTES, json.length, true)
  file.set(json, MAGIC_BYTES + 4)
  for (const blob of blobs) {
    if (blob instanceof Uint8Array) file.set(blob, at)
    else blob.writeTo(file.subarray(at, at + blob.length))
    at += blob.length
  }
  return file
}

/** The header of a file with the right magic, and where the blobs begin; `fail` gets the reason where there is none. */
export function decodeFramed(
  file: Uint8Array,
  fail: (reason: string, cause?: unknown) => Error,
): { readonly header: unknown; readonly end: number } {
  const headerBytes = new DataView(file.buffer, file.byteOffset).getUint32(MAGIC_BYTES, true)
  const start = MAGIC_BYTES + 4
  const end = start + headerBytes
  if (headerBytes > maxHeaderBytes || end > file.length) throw fail('its header is truncated')
  try {
    return { header: parseJson('header', file.subarray(start, end), maxHeaderBytes), end }
  } catch (cause) {
    throw fail('its header is not JSON', cause)
  }
}

export interface BlobRecord {
  readonly bytes: number
  readonly sha256: string
  /** Where a ciphertext is packed; size and hash are those before. */
  readonly bits?: readonly number[]
}

/** Blobs of these sizes and hashes, once unpacked, that fill the rest of a file. */
export function readBlobs(
  file: Uint8Array,
  start: number,
  records: readonly BlobRecord[],
  sha256: (bytes: Uint8Array) => string,
  fail: (reason: string) => Error,
): Uint8Array[] {
  let at = start
  const blobs = records.map(({ bytes: size, sha256: expected, bits }) => {
    const length = bits ? packedLength(size, bits) : size
    if (Number.isNaN(length)) throw fail('a ciphertext has a size that none has')
    const stored = file.subarray(at, (at += length))
    if (stored.length !== length) throw fail('it is truncated')
    const bytes = bits ? unpackSaved(stored, bits, size) : stored
    if (sha256(bytes) !== expected) throw fail('a ciphertext has been changed')
    return bytes
  })
  if (at !== file.length) throw fail('bytes follow its end')
  return blobs
}
