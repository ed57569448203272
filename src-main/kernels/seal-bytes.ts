import { UserError } from '../core/errors.ts'

/** Where SEAL 4.1 puts a ciphertext's fields, compression none; docs/kernels.md has the whole layout. */
const HEADER_BYTES = 16
const PARMS_ID_AT = 16
const PARMS_ID_BYTES = 32
const CIPHERTEXT_AT = { ntt: 48, parts: 49, n: 57, primes: 65, scale: 73, correction: 81, nested: 89, words: 105 }
const CIPHERTEXT_DATA_AT = 113
const PLAINTEXT_AT = { words: 48, scale: 56, nested: 64, count: 80 }
const PLAINTEXT_DATA_AT = 88
const MAGIC = 0xa15e
const VERSION = [4, 1]

/** A serialised polynomial vector: residues are [part][prime][coefficient] u64 words in transformed order. */
export interface SealPolynomials {
  readonly parmsId: Uint8Array
  readonly parts: number
  readonly primes: number
  readonly scale: number
  readonly residues: Uint8Array
}

const damaged = (what: string): UserError =>
  new UserError('damaged-data', `A serialised SEAL object cannot be read: ${what}.`, {
    hint: 'It must be saved uncompressed, with seeds expanded.',
  })

function openObject(bytes: Uint8Array, shortest: number): DataView {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < shortest || view.getUint16(0, true) !== MAGIC) throw damaged('it has no SEAL header')
  if (view.getUint8(5) !== 0) throw damaged('it is compressed')
  if (view.getBigUint64(8, true) !== BigInt(bytes.length)) throw damaged('its length differs from its header')
  return view
}

function count(view: DataView, at: number, largest: number): number {
  const value = view.getBigUint64(at, true)
  if (value < 1n || value > BigInt(largest)) throw damaged('a size is out of range')
  return Number(value)
}

/** Reads a ciphertext, or one digit of a key, of degree n. */
export function readCiphertext(bytes: Uint8Array, n: number): SealPolynomials {
  const view = openObject(bytes, CIPHERTEXT_DATA_AT)
  const parts = count(view, CIPHERTEXT_AT.parts, 3)
  const primes = count(view, CIPHERTEXT_AT.primes, 64)
  if (view.getUint8(CIPHERTEXT_AT.ntt) !== 1) throw damaged('it is not in transformed form')
  if (view.getBigUint64(CIPHERTEXT_AT.n, true) !== BigInt(n)) throw damaged('its degree is not the plan’s')
  const words = parts * primes * n
  if (view.getBigUint64(CIPHERTEXT_AT.words, true) !== BigInt(words)) throw damaged('it is seeded or cut short')
  if (bytes.length !== CIPHERTEXT_DATA_AT + 8 * words) throw damaged('its length differs from its sizes')
  return {
    parmsId: bytes.subarray(PARMS_ID_AT, PARMS_ID_AT + PARMS_ID_BYTES),
    ...{ parts, primes, scale: view.getFloat64(CIPHERTEXT_AT.scale, true) },
    residues: bytes.subarray(CIPHERTEXT_DATA_AT),
  }
}

/** Reads an encoded plaintext of degree n, as one part. */
export function readPlaintext(bytes: Uint8Array, n: number): SealPolynomials {
  const view = openObject(bytes, PLAINTEXT_DATA_AT)
  const words = count(view, PLAINTEXT_AT.words, 64 * n)
  if (words % n !== 0) throw damaged('its degree is not the plan’s')
  if (view.getBigUint64(PLAINTEXT_AT.count, true) !== BigInt(words)) throw damaged('it is cut short')
  if (bytes.length !== PLAINTEXT_DATA_AT + 8 * words) throw damaged('its length differs from its sizes')
  return {
    parmsId: bytes.subarray(PARMS_ID_AT, PARMS_ID_AT + PARMS_ID_BYTES),
    ...{ parts: 1, primes: words / n, scale: view.getFloat64(PLAINTEXT_AT.scale, true) },
    residues: bytes.subarray(PLAINTEXT_DATA_AT),
  }
}

/**
 * Reads relinearisation or Galois keys: for each key index (a Galois key's is (element − 1)/2) its digits,
 * each a ciphertext; indices without a key are left out.
 */
export function readKeys(bytes: Uint8Array, n: number): Map<number, SealPolynomials[]> {
  const firstAt = HEADER_BYTES + PARMS_ID_BYTES
  const view = openObject(bytes, firstAt + 8)
  const keys = new Map<number, SealPolynomials[]>()
  let at = firstAt + 8
  const need = (length: number): void => {
    if (length > bytes.length - at) throw damaged('it is cut short')
  }
  const indices = count(view, firstAt, n)
  for (let index = 0; index < indices; index++) {
    need(8)
    const digits = Number(view.getBigUint64(at, true))
    if (digits > 64) throw damaged('a size is out of range')
    at += 8
    const key = Array.from({ length: digits }, () => {
      need(HEADER_BYTES)
      const length = Number(view.getBigUint64(at + 8, true))
      need(length)
      const digit = readCiphertext(bytes.subarray(at, at + length), n)
      at += length
      return digit
    })
    if (digits > 0) keys.set(index, key)
  }
  return keys
}

/** Bytes of a ciphertext in which all but the residues is written; they go to `residues`. */
export function newCiphertext(
  parts: number,
  primes: number,
  n: number,
  scale: number,
  id: Uint8Array,
): { bytes: Uint8Array; residues: Uint8Array } {
  const words = parts * primes * n
  const bytes = new Uint8Array(CIPHERTEXT_DATA_AT + 8 * words)
  const view = new DataView(bytes.buffer)
  writeHeader(view, 0, bytes.length)
  bytes.set(id, PARMS_ID_AT)
  view.setUint8(CIPHERTEXT_AT.ntt, 1)
  view.setBigUint64(CIPHERTEXT_AT.parts, BigInt(parts), true)
  view.setBigUint64(CIPHERTEXT_AT.n, BigInt(n), true)
  view.setBigUint64(CIPHERTEXT_AT.primes, BigInt(primes), true)
  view.setFloat64(CIPHERTEXT_AT.scale, scale, true)
  view.setBigUint64(CIPHERTEXT_AT.correction, 1n, true)
  writeHeader(view, CIPHERTEXT_AT.nested, bytes.length - CIPHERTEXT_AT.nested)
  view.setBigUint64(CIPHERTEXT_AT.words, BigInt(words), true)
  return { bytes, residues: bytes.subarray(CIPHERTEXT_DATA_AT) }
}

/** The same for an encoded plaintext. */
export function newPlaintext(
  primes: number,
  n: number,
  scale: number,
  id: Uint8Array,
): { bytes: Uint8Array; residues: Uint8Array } {
  const words = primes * n
  const bytes = new Uint8Array(PLAINTEXT_DATA_AT + 8 * words)
  const view = new DataView(bytes.buffer)
  writeHeader(view, 0, bytes.length)
  bytes.set(id, PARMS_ID_AT)
  view.setBigUint64(PLAINTEXT_AT.words, BigInt(words), true)
  view.setFloat64(PLAINTEXT_AT.scale, scale, true)
  writeHeader(view, PLAINTEXT_AT.nested, bytes.length - PLAINTEXT_AT.nested)
  view.setBigUint64(PLAINTEXT_AT.count, BigInt(words), true)
  return { bytes, residues: bytes.subarray(PLAINTEXT_DATA_AT) }
}

function writeHeader(view: DataView, at: number, length: number): void {
  view.setUint16(at, MAGIC, true)
  view.setUint8(at + 2, HEADER_BYTES)
  VERSION.forEach((part, index) => view.setUint8(at + 3 + index, part))
  view.setBigUint64(at + 8, BigInt(length), true)
}
