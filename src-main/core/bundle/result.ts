import { z } from 'zod'
import { UserError } from '../errors.ts'
import { concatBytes } from './bytes.ts'
import { parseJson } from './json.ts'

/**
 * An encrypted result: magic, header length (little-endian uint32), header (JSON), ciphertexts one after the other.
 * The format is specified in docs/bundle-format.md.
 */
export interface EncryptedResult {
  readonly deploymentId: string
  readonly bundleSha256: string
  readonly segment: number
  readonly ciphertexts: readonly Uint8Array[]
}

/**
 * The same form under another magic:
 * - result: what a segment computed, for the owner to open or to refresh. `segment` is the one that ran.
 * - refreshed: what the owner encrypted for `segment`.
 * - handed: what the segment before `segment` computed, handed on to it as it is.
 */
export type CiphertextsKind = 'result' | 'refreshed' | 'handed'

export type Sha256 = (bytes: Uint8Array) => string

const magics = {
  result: new TextEncoder().encode('SWRESLT1'),
  refreshed: new TextEncoder().encode('SWREFSH1'),
  handed: new TextEncoder().encode('SWHANDD1'),
}
const kinds = Object.keys(magics) as CiphertextsKind[]
const maxHeaderBytes = 2 ** 20
/** A three-part ciphertext at N = 32768 with 20 primes has 15.7 MB. */
const maxCiphertextBytes = 2 ** 24
export const MAX_RESULT_BYTES = 2 ** 30

const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`))
const headerSchema = z.strictObject({
  version: z.literal(1),
  deploymentId: hex(32),
  bundleSha256: hex(64),
  segment: z.int().min(0).max(63),
  ciphertexts: z
    .array(z.strictObject({ bytes: z.int().min(1).max(maxCiphertextBytes), sha256: hex(64) }))
    .min(1)
    .max(4096),
})

export function encodeResult(result: EncryptedResult, sha256: Sha256, kind: CiphertextsKind = 'result'): Uint8Array {
  const { ciphertexts, ...identity } = result
  const header: z.infer<typeof headerSchema> = {
    version: 1,
    ...identity,
    ciphertexts: ciphertexts.map((bytes) => ({ bytes: bytes.length, sha256: sha256(bytes) })),
  }
  const json = new TextEncoder().encode(JSON.stringify(header))
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, json.length, true)
  return concatBytes([magics[kind], length, json, ...ciphertexts])
}

/** What a result says of itself, before anything is checked against it. Throws UserError 'damaged-result'. */
export function decodeResultHeader(file: Uint8Array, kind: CiphertextsKind = 'result') {
  if (!isKind(file, kind)) {
    const other = kinds.find((candidate) => isKind(file, candidate))
    throw damagedResult(`it is ${other ? `a ${other} file, not` : 'not'} a ${kind} one`)
  }
  const headerBytes = new DataView(file.buffer, file.byteOffset).getUint32(8, true)
  const end = 12 + headerBytes
  if (headerBytes > maxHeaderBytes || end > file.length) throw damagedResult('its header is truncated')
  const parsed = headerSchema.safeParse(readHeader(file.subarray(12, end)))
  if (!parsed.success) throw damagedResult('its header is not valid')
  return { ...parsed.data, end }
}

/** Whether a file begins as one of these. */
export const isKind = (file: Uint8Array, kind: CiphertextsKind): boolean =>
  file.length >= 12 && magics[kind].every((byte, i) => file[i] === byte)

/** Reads a result and checks every size and hash. Throws UserError 'damaged-result'. */
export function decodeResult(file: Uint8Array, sha256: Sha256, kind: CiphertextsKind = 'result'): EncryptedResult {
  const { deploymentId, bundleSha256, segment, ciphertexts: records, end } = decodeResultHeader(file, kind)
  let start = end
  const ciphertexts = records.map((record) => {
    const bytes = file.subarray(start, (start += record.bytes))
    if (bytes.length !== record.bytes) throw damagedResult('it is truncated')
    if (sha256(bytes) !== record.sha256) throw damagedResult('a ciphertext has been changed')
    return bytes
  })
  if (start !== file.length) throw damagedResult('bytes follow its end')
  return { deploymentId, bundleSha256, segment, ciphertexts }
}

const damagedResult = (reason: string, cause?: unknown): UserError =>
  new UserError('damaged-result', `The result is damaged: ${reason}.`, { ...(cause !== undefined && { cause }) })

function readHeader(bytes: Uint8Array): unknown {
  try {
    return parseJson('header', bytes, maxHeaderBytes)
  } catch (cause) {
    throw damagedResult('its header is not JSON', cause)
  }
}
