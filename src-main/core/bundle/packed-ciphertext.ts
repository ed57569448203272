import { packResidues, unpackResidues } from './residues.ts'

/*
 * SEAL saves each residue in eight bytes. Files hold a ciphertext's head as SEAL saves it, then its residues, those of each part
 * and prime in as many bits as the largest of them takes. They are unpacked to the same bytes.
 */

/** Before the residues of SEAL's uncompressed, unseeded form: seal/seal-form.ts. */
const HEAD_BYTES = 113
const [PARTS_START, DEGREE_START, PRIMES_START] = [49, 57, 65]
const MAX_DEGREE = 32768
/** Residues are packed by words of 32 bits. */
const LEAST_DEGREE = 32

export interface PackedCiphertext {
  readonly bytes: Uint8Array
  /** Of the residues of each part and prime. */
  readonly bits: readonly number[]
}

/** Undefined for what is not in SEAL's form. */
export function packSaved(saved: Uint8Array): PackedCiphertext | undefined {
  const shape = shapeOf(saved)
  if (!shape) return undefined
  // Node's Buffer has a slice() that does not copy.
  const words = new Uint32Array(new Uint8Array(saved.subarray(HEAD_BYTES)).buffer)
  const length = words.length / shape.blocks
  const blocks = Array.from({ length: shape.blocks }, (_, i) => words.subarray(i * length, (i + 1) * length))
  const bits = blocks.map(widthOf)
  const bytes = new Uint8Array(packedLength(saved.length, bits))
  bytes.set(saved.subarray(0, HEAD_BYTES))
  let at = HEAD_BYTES
  blocks.forEach((block, i) => {
    const packed = packResidues(block, bits[i])
    bytes.set(packed, at)
    at += packed.length
  })
  return { bytes, bits }
}

/** SEAL's form, of `length` bytes, for which `packedLength` has said that it can be. */
export function unpackSaved({ bytes, bits }: PackedCiphertext, length: number): Uint8Array {
  const words = new Uint32Array((length - HEAD_BYTES) / 4)
  const each = words.length / bits.length
  let at = HEAD_BYTES
  bits.forEach((width, i) => {
    const end = at + (each * width) / 16
    unpackResidues(bytes.subarray(at, end), width, words.subarray(i * each, (i + 1) * each))
    at = end
  })
  const saved = new Uint8Array(length)
  saved.set(bytes.subarray(0, HEAD_BYTES))
  saved.set(new Uint8Array(words.buffer), HEAD_BYTES)
  return saved
}

/** Bytes of a ciphertext that has `length` in SEAL's form; NaN where no ciphertext has these. */
export function packedLength(length: number, bits: readonly number[]): number {
  const degree = (length - HEAD_BYTES) / 8 / bits.length
  if (!isDegree(degree)) return NaN
  return HEAD_BYTES + bits.reduce((sum, width) => sum + (degree * width) / 8, 0)
}

const isDegree = (degree: number): boolean =>
  degree >= LEAST_DEGREE && degree <= MAX_DEGREE && Number.isInteger(Math.log2(degree))

function shapeOf(saved: Uint8Array): { readonly blocks: number } | undefined {
  if (saved.length <= HEAD_BYTES) return undefined
  const view = new DataView(saved.buffer, saved.byteOffset, saved.byteLength)
  const [parts, degree, primes] = [PARTS_START, DEGREE_START, PRIMES_START].map((at) =>
    Number(view.getBigUint64(at, true)),
  )
  const blocks = parts * primes
  return isDegree(degree) && blocks > 0 && saved.length === HEAD_BYTES + 8 * degree * blocks ? { blocks } : undefined
}

/** Bits of the largest of 64-bit numbers, given as pairs of halves; at least one. */
function widthOf(words: Uint32Array): number {
  let [low, high] = [1, 0]
  for (let i = 0; i < words.length; i += 2) {
    low |= words[i]
    high |= words[i + 1]
  }
  return high === 0 ? 32 - Math.clz32(low) : 64 - Math.clz32(high)
}
