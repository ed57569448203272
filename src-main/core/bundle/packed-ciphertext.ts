import { packInto, unpackInto } from './residues.ts'

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

/** How a ciphertext in SEAL's form is packed: into `length` bytes, the residues of each part and prime in `bits`. */
export interface Packing {
  readonly length: number
  readonly bits: readonly number[]
}

/** Undefined for what is not in SEAL's form. */
export function packingOf(saved: Uint8Array): Packing | undefined {
  const shape = shapeOf(saved)
  if (!shape) return undefined
  const bits = blocksOf(saved, shape.blocks).map(widthOf)
  return { length: packedLength(saved.length, bits), bits }
}

/** Packs a ciphertext into `target`, which has the length that its packing says. */
export function packSaved(saved: Uint8Array, bits: readonly number[], target: Uint8Array): void {
  target.set(saved.subarray(0, HEAD_BYTES))
  let at = HEAD_BYTES
  blocksOf(saved, bits.length).forEach((block, i) => {
    const end = at + (block.length * bits[i]) / 64
    packInto(block, bits[i], target.subarray(at, end))
    at = end
  })
}

/** SEAL's form, of `length` bytes, for which `packedLength` has said that it can be. */
export function unpackSaved(packed: Uint8Array, bits: readonly number[], length: number): Uint8Array {
  const saved = new Uint8Array(length)
  saved.set(packed.subarray(0, HEAD_BYTES))
  let at = HEAD_BYTES
  blocksOf(saved, bits.length).forEach((block, i) => {
    const end = at + (block.length * bits[i]) / 64
    unpackInto(packed.subarray(at, end), bits[i], block)
    at = end
  })
  return saved
}

/** The residues of each part and prime. */
function blocksOf(saved: Uint8Array, count: number): Uint8Array[] {
  const length = (saved.length - HEAD_BYTES) / count
  return Array.from({ length: count }, (_, i) => saved.subarray(HEAD_BYTES + i * length, HEAD_BYTES + (i + 1) * length))
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

/** Bits of the largest of 64-bit numbers; at least one. */
function widthOf(block: Uint8Array): number {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength)
  let [low, high] = [1, 0]
  for (let i = 0; i < block.length; i += 8) {
    low |= view.getUint32(i, true)
    high |= view.getUint32(i + 4, true)
  }
  return high === 0 ? 32 - Math.clz32(low) : 64 - Math.clz32(high)
}
