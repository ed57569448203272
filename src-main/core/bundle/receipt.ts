import { z } from 'zod'
import { EVALUATOR_FAMILIES } from '../plan/evaluator-kinds.ts'
import { concatBytes } from './bytes.ts'

type Sha256 = (bytes: Uint8Array) => string

const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`))
const hashes = z.array(hex(64)).max(4096)

export const jobSchema = hex(32)
export const commitmentSchema = hex(64)

/**
 * What a node says that it computed: enough for anybody with the bundle to compute it again and compare. It holds
 * hashes only.
 */
export const receiptSchema = z.strictObject({
  version: z.literal(1),
  /** 128 random bits, chosen by whoever encrypts the first input; the same for all segments of a job. */
  job: jobSchema,
  /** SHA-256 of the bundle's manifest, which lists plan, weights and keys with their hashes. */
  bundleSha256: hex(64),
  /** The one that ran, from 0. */
  segment: z.int().min(0).max(63),
  /** SHA-256 of the plan: what was to be computed, whoever computes it. */
  planSha256: hex(64),
  /** All evaluators of a family give the same bits. */
  evaluator: z.enum(EVALUATOR_FAMILIES),
  /** SHA-256 of each input ciphertext as SEAL saves it; empty where the input is in the clear. */
  inputs: hashes.readonly(),
  /** SHA-256 of each output ciphertext as SEAL saves it. */
  outputs: hashes.min(1).readonly(),
  /** To input and seed, of the first segment alone: `commitmentOf`. Later inputs are ciphertexts, whose hashes bind. */
  commitment: commitmentSchema.optional(),
})

export type Receipt = z.infer<typeof receiptSchema>

/** A commitment's seed, and that of one input's encryption: 32 random bytes that are used once. */
export const SEED_BYTES = 32

/** What a commitment is to: preprocessed values of a whole batch, and the seed that they are encrypted from. */
export interface SeededInput {
  readonly job: string
  /** Where the input stays in the clear it only hides the values until they are opened. */
  readonly seed: Uint8Array
  readonly values: Float64Array
}

const commitmentTag = new TextEncoder().encode('sealwright commitment 1\n')

/** SHA-256 of a tag, the job's 16 bytes, the seed and the values as little-endian float64. */
export const commitmentOf = ({ job, seed, values }: SeededInput, sha256: Sha256): string =>
  sha256(concatBytes([commitmentTag, fromHex(job), seed, encodeValues(values)]))

const encryptionTag = new TextEncoder().encode('sealwright encryption 1\n')

/** The key that one input ciphertext is encrypted from: SHA-256 of a tag, the job's 16 bytes, the seed and its register. */
export function encryptionKeyOf(
  { job, seed }: Omit<SeededInput, 'values'>,
  register: number,
  sha256: Sha256,
): Uint8Array {
  const number = new Uint8Array(4)
  new DataView(number.buffer).setUint32(0, register, true)
  return fromHex(sha256(concatBytes([encryptionTag, fromHex(job), seed, number])))
}

/** A receipt's identity: SHA-256 of its JSON with the fields in the order of the schema. */
export const receiptSha256 = (receipt: Receipt, sha256: Sha256): string =>
  sha256(new TextEncoder().encode(JSON.stringify(receiptSchema.parse(receipt))))

const inputTag = new TextEncoder().encode('sealwright input 1\n')

/**
 * What whoever encrypted a job's input for others says of it before anybody computes: SHA-256 of a tag, the job's 16 bytes, the
 * commitment and the hashes of the ciphertexts.
 */
export const inputSha256 = (
  { job, commitment = '', inputs }: Pick<Receipt, 'job' | 'commitment' | 'inputs'>,
  sha256: Sha256,
): string => sha256(concatBytes([inputTag, fromHex(job), fromHex(commitment), ...inputs.map(fromHex)]))

/**
 * Whether receipts are of one job on one bundle's segments in a row, each computing on what the one before computed, and
 * the last one gave these outputs. With `per-node` bundles the bundle differs from segment to segment.
 */
export function areChained(receipts: readonly Receipt[], outputs: readonly string[]): boolean {
  return (
    receipts.length > 0 &&
    isSame(receipts[receipts.length - 1].outputs, outputs) &&
    receipts.slice(1).every((receipt, i) => {
      const before = receipts[i]
      const follows = receipt.job === before.job && receipt.segment === before.segment + 1
      return follows && isSame(receipt.inputs, before.outputs)
    })
  )
}

/** Whether two lists of hashes are equal, order included. */
export const isSame = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((hash, i) => hash === right[i])

/** Little-endian float64. */
export function encodeValues(values: Float64Array): Uint8Array {
  const bytes = new Uint8Array(8 * values.length)
  const view = new DataView(bytes.buffer)
  values.forEach((value, i) => view.setFloat64(8 * i, value, true))
  return bytes
}

/** Undefined where the length is no multiple of 8. */
export function decodeValues(bytes: Uint8Array): Float64Array | undefined {
  if (bytes.length % 8 !== 0) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Float64Array.from({ length: bytes.length / 8 }, (_, i) => view.getFloat64(8 * i, true))
}

/** Two lower-case digits for each byte. */
export const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

/** The inverse of `toHex`; the digits are not checked. */
export const fromHex = (text: string): Uint8Array =>
  Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16))
