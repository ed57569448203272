import { z } from 'zod'
import { UserError } from '../errors.ts'
import { commitmentSchema, jobSchema, receiptSchema, type Receipt } from './receipt.ts'
import { decodeFramed, encodeFramed, hasMagic, magicOf, readBlobs, type BlobSource } from './framed.ts'
import { packingOf, packSaved } from './packed-ciphertext.ts'

/**
 * An encrypted result: magic, header length (little-endian uint32), header (JSON), ciphertexts one after the other.
 * The format is specified in docs/bundle-format.md.
 */
export interface EncryptedResult {
  readonly deploymentId: string
  readonly bundleSha256: string
  readonly segment: number
  readonly ciphertexts: readonly Uint8Array[]
  /** The job that it belongs to: chosen with the first input, and carried on. */
  readonly job?: string
  /** To a first segment's input and its seed, of whoever encrypted it for others. */
  readonly commitment?: string
  /** Of the segments since the owner's last refresh, or since the first input; the last one gave these ciphertexts. */
  readonly receipts?: readonly Receipt[]
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
  result: magicOf('SWRESLT1'),
  refreshed: magicOf('SWREFSH1'),
  handed: magicOf('SWHANDD1'),
}
const kinds = Object.keys(magics) as CiphertextsKind[]
const titles = {
  result: 'an encrypted result',
  refreshed: 'a refreshed input',
  handed: 'ciphertexts for the next segment',
}
/** A three-part ciphertext at N = 32768 with 20 primes has 15.7 MB. */
const maxCiphertextBytes = 2 ** 24
export const MAX_RESULT_BYTES = 2 ** 30

const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`))
const headerSchema = z.strictObject({
  version: z.union([z.literal(1), z.literal(2)]),
  deploymentId: hex(32),
  bundleSha256: hex(64),
  segment: z.int().min(0).max(63),
  ciphertexts: z
    .array(
      z.strictObject({
        bytes: z.int().min(1).max(maxCiphertextBytes),
        sha256: hex(64),
        bits: z.array(z.int().min(1).max(64)).min(1).max(192).readonly().optional(),
      }),
    )
    .min(1)
    .max(4096),
  job: jobSchema.optional(),
  commitment: commitmentSchema.optional(),
  receipts: z.array(receiptSchema).min(1).max(64).readonly().optional(),
})

/**
 * The file of a result (docs/bundle-format.md): version 2, with residues in the bits that they take, if any ciphertext is in SEAL's form.
 * `sha256` hashes ciphertexts as SEAL saves them, to lower-case hexadecimal.
 */
export function encodeResult(result: EncryptedResult, sha256: Sha256, kind: CiphertextsKind = 'result'): Uint8Array {
  const { ciphertexts, ...identity } = result
  const packings = ciphertexts.map(packingOf)
  const header: z.infer<typeof headerSchema> = {
    version: packings.some((packing) => packing) ? 2 : 1,
    ...identity,
    ciphertexts: ciphertexts.map((bytes, i) => {
      const packing = packings[i]
      return { bytes: bytes.length, sha256: sha256(bytes), ...(packing && { bits: packing.bits }) }
    }),
  }
  const blobs = ciphertexts.map((bytes, i): BlobSource => {
    const packing = packings[i]
    if (!packing) return bytes
    const { length, bits } = packing
    return { length, writeTo: (target) => packSaved(bytes, bits, target) }
  })
  return encodeFramed(magics[kind], header, blobs)
}

/** What a result says of itself, before anything is checked against it. @throws UserError damaged-result */
export function decodeResultHeader(file: Uint8Array, kind: CiphertextsKind = 'result') {
  if (!isKind(file, kind)) {
    const other = kinds.find((candidate) => isKind(file, candidate))
    throw new UserError(
      'damaged-result',
      `The file is ${other ? titles[other] : 'something else'}, not ${titles[kind]}.`,
    )
  }
  const { header, end } = decodeFramed(file, damagedResult)
  const parsed = headerSchema.safeParse(header)
  if (!parsed.success) throw damagedResult('its header is not valid')
  return { ...parsed.data, end }
}

/** Whether a file begins as one of these. */
export const isKind = (file: Uint8Array, kind: CiphertextsKind): boolean => hasMagic(file, magics[kind])

/** Reads a result and checks every size and hash. @throws UserError damaged-result */
export function decodeResult(file: Uint8Array, sha256: Sha256, kind: CiphertextsKind = 'result'): EncryptedResult {
  const { version: _, ciphertexts: records, end, ...identity } = decodeResultHeader(file, kind)
  // A few bytes may stand for many.
  const bytes = records.reduce((sum, record) => sum + record.bytes, 0)
  if (bytes > MAX_RESULT_BYTES) throw damagedResult('its ciphertexts have more bytes than there may be')
  return { ...identity, ciphertexts: readBlobs(file, end, records, sha256, damagedResult) }
}

const damagedResult = (reason: string, cause?: unknown): UserError =>
  new UserError('damaged-result', `The result is damaged: ${reason}.`, { ...(cause !== undefined && { cause }) })
