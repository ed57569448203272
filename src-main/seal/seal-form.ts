/*
 * SEAL 4.1's uncompressed form of a ciphertext: header (16), parms_id (32), NTT flag (1), size, N, primes (8 each),
 * scale (8), correction factor (8), nested header (16), word count (8), residues as little-endian 64-bit words; a
 * seeded one holds its first polynomial only, then the generator's header (16), type (1) and seed (64).
 */
export const HEADER_BYTES = 16
export const RESIDUES_START = 113
export const SCALE_START = 73
export const SEED_BYTES = 64
const blake2xb = 1
export const GENERATOR_BYTES = HEADER_BYTES + 1 + SEED_BYTES

export interface CiphertextShape {
  readonly degree: number
  readonly primes: number
  readonly parmsId: Uint8Array
  readonly scale: number
  readonly seeded: boolean
}

/** Of a ciphertext of two parts as SEAL saves it without compression; `seeded`, the second part is the seed that it is drawn from. */
export const ciphertextBytes = ({ degree, primes, seeded }: Omit<CiphertextShape, 'parmsId' | 'scale'>): number =>
  RESIDUES_START + 8 * degree * primes * (seeded ? 1 : 2) + (seeded ? GENERATOR_BYTES : 0)

/** All that comes before the residues of a two-part ciphertext in NTT form. */
export function ciphertextHeader(shape: CiphertextShape): Uint8Array {
  const { degree, primes, parmsId, scale, seeded } = shape
  const out = new Uint8Array(RESIDUES_START)
  const view = new DataView(out.buffer)
  const words = degree * primes * (seeded ? 1 : 2)
  writeHeader(view, 0, ciphertextBytes(shape))
  out.set(parmsId, HEADER_BYTES)
  view.setUint8(48, 1)
  view.setBigUint64(49, 2n, true)
  view.setBigUint64(57, BigInt(degree), true)
  view.setBigUint64(65, BigInt(primes), true)
  view.setFloat64(SCALE_START, scale, true)
  view.setBigUint64(81, 1n, true)
  writeHeader(view, 89, HEADER_BYTES + 8 + 8 * words)
  view.setBigUint64(105, BigInt(words), true)
  return out
}

/** What follows the residues of a seeded ciphertext. */
export function generatorState(seed: Uint8Array): Uint8Array {
  const out = new Uint8Array(GENERATOR_BYTES)
  writeHeader(new DataView(out.buffer), 0, GENERATOR_BYTES)
  out[HEADER_BYTES] = blake2xb
  out.set(seed, HEADER_BYTES + 1)
  return out
}

/** Magic, header size, version 4.1, no compression, total length. */
export function writeHeader(view: DataView, at: number, bytes: number): void {
  view.setUint16(at, 0xa15e, true)
  view.setUint8(at + 2, HEADER_BYTES)
  view.setUint8(at + 3, 4)
  view.setUint8(at + 4, 1)
  view.setBigUint64(at + 8, BigInt(bytes), true)
}
