import { z } from 'zod'
import { UserError } from '../errors.ts'
import { decodeFramed, encodeFramed, hasMagic, magicOf, readBlobs, type BlobRecord } from './framed.ts'
import {
  commitmentOf,
  decodeValues,
  encodeValues,
  fromHex,
  isSame,
  receiptSchema,
  SEED_BYTES,
  toHex,
  type Receipt,
} from './receipt.ts'

type Sha256 = (bytes: Uint8Array) => string

/**
 * What a node shows of an audited job: the first segment's values with the seed that encrypts them, or the ciphertexts
 * that a later segment was given.
 */
export type Opening =
  | { readonly kind: 'values'; readonly seed: Uint8Array; readonly values: Float64Array }
  | { readonly kind: 'ciphertexts'; readonly ciphertexts: readonly Uint8Array[] }

/**
 * What is wrong with a receipt:
 * - no-opening: nothing was opened in time.
 * - commitment: what was opened is not what was committed to.
 * - input: it encrypts, or hashes, to other ciphertexts than the receipt names.
 * - output: the segment gives other ciphertexts than the receipt names.
 * - unusable: the segment cannot be run on what was opened.
 */
export const FAULTS = ['no-opening', 'commitment', 'input', 'output', 'unusable'] as const
export type Fault = (typeof FAULTS)[number]

const hashes = z
  .array(z.string().regex(/^[0-9a-f]{64}$/))
  .max(4096)
  .readonly()

/** What a replay says. Hashes that it found are there where it got so far. */
export const findingSchema = z.strictObject({
  agrees: z.boolean(),
  fault: z.enum(FAULTS).optional(),
  inputs: hashes.optional(),
  outputs: hashes.optional(),
})
export type Finding = z.infer<typeof findingSchema>

/**
 * A receipt with its opening, for an auditor; with what the auditor found it is evidence, which anybody with the bundle
 * can check again.
 */
export interface AuditCase {
  readonly receipt: Receipt
  readonly opening?: Opening
  readonly finding?: Finding
}

const magic = magicOf('SWAUDIT1')
const maxBlobBytes = 2 ** 26
export const MAX_CASE_BYTES = 2 ** 30

const blob = z.strictObject({
  bytes: z.int().min(1).max(maxBlobBytes),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})
const headerSchema = z.strictObject({
  version: z.literal(1),
  receipt: receiptSchema,
  opening: z
    .discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('values'),
        seed: z.string().regex(new RegExp(`^[0-9a-f]{${2 * SEED_BYTES}}$`)),
        values: blob,
      }),
      z.strictObject({ kind: z.literal('ciphertexts'), ciphertexts: z.array(blob).min(1).max(4096) }),
    ])
    .optional(),
  finding: findingSchema.optional(),
})
type Header = z.infer<typeof headerSchema>

/** Whether a file begins as an audit case. */
export const isCase = (file: Uint8Array): boolean => hasMagic(file, magic)

/** The file of an audit case (docs/bundle-format.md). `sha256` hashes each blob, to lower-case hexadecimal. */
export function encodeCase({ receipt, opening, finding }: AuditCase, sha256: Sha256): Uint8Array {
  const record = (bytes: Uint8Array): BlobRecord => ({ bytes: bytes.length, sha256: sha256(bytes) })
  const header = (opening?: Header['opening']): Header => ({ version: 1, receipt, opening, finding })
  if (!opening) return encodeFramed(magic, header(), [])
  if (opening.kind === 'ciphertexts') {
    const { kind, ciphertexts } = opening
    return encodeFramed(magic, header({ kind, ciphertexts: ciphertexts.map(record) }), ciphertexts)
  }
  const values = encodeValues(opening.values)
  return encodeFramed(magic, header({ kind: 'values', seed: toHex(opening.seed), values: record(values) }), [values])
}

/** Reads a case and checks every size and hash. @throws UserError damaged-case */
export function decodeCase(file: Uint8Array, sha256: Sha256): AuditCase {
  if (!isCase(file)) throw damagedCase('it is none')
  const { header: literal, end } = decodeFramed(file, damagedCase)
  const parsed = headerSchema.safeParse(literal)
  if (!parsed.success) throw damagedCase('its header is not valid')
  const { receipt, opening, finding } = parsed.data
  const records = opening?.kind === 'ciphertexts' ? opening.ciphertexts : opening ? [opening.values] : []
  const blobs = readBlobs(file, end, records, sha256, damagedCase)
  return {
    receipt,
    ...(opening && { opening: openingOf(opening, blobs) }),
    ...(finding && { finding }),
  }
}

function openingOf(opening: NonNullable<Header['opening']>, blobs: Uint8Array[]): Opening {
  if (opening.kind === 'ciphertexts') return { kind: 'ciphertexts', ciphertexts: blobs }
  const values = decodeValues(blobs[0])
  if (!values || values.some((value) => !Number.isFinite(value))) throw damagedCase('its values are not numbers')
  return { kind: 'values', seed: fromHex(opening.seed), values }
}

const damagedCase = (reason: string, cause?: unknown): UserError =>
  new UserError('damaged-case', `The audit case is damaged: ${reason}.`, { ...(cause !== undefined && { cause }) })

/** Whether an opening is of what the receipt was made for; no more is said of it. */
export function isBoundBy({ job, commitment, inputs }: Receipt, opening: Opening, sha256: Sha256): boolean {
  return opening.kind === 'values'
    ? commitmentOf({ job, seed: opening.seed, values: opening.values }, sha256) === commitment
    : isSame(opening.ciphertexts.map(sha256), inputs)
}

/** What a replay of a receipt's segment gave. */
export type Replayed = Pick<Receipt, 'planSha256' | 'inputs' | 'outputs' | 'commitment'>

/** Compares a receipt with its replay, from the input on. */
export function judge(receipt: Receipt, replayed: Replayed): Finding {
  const { inputs, outputs } = replayed
  const faults: [Fault, boolean][] = [
    ['unusable', receipt.planSha256 !== replayed.planSha256],
    ['commitment', receipt.commitment !== replayed.commitment],
    ['input', !isSame(receipt.inputs, inputs)],
    ['output', !isSame(receipt.outputs, outputs)],
  ]
  const fault = faults.find(([, isFault]) => isFault)?.[0]
  return { agrees: fault === undefined, ...(fault && { fault }), inputs, outputs }
}

/**
 * Whether two nodes that were given the same input say that they computed the same: undefined where the receipts are not
 * of the same work, so that nothing follows.
 */
export function agree(left: Receipt, right: Receipt): boolean | undefined {
  const isSameWork =
    left.segment === right.segment &&
    left.planSha256 === right.planSha256 &&
    left.evaluator === right.evaluator &&
    left.bundleSha256 === right.bundleSha256 &&
    isSame(left.inputs, right.inputs)
  return isSameWork ? isSame(left.outputs, right.outputs) : undefined
}
