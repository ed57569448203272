import type { Ciphertext, Plaintext } from 'node-seal/throws'
import { UserError } from '../core/errors.ts'
import type { SealContext } from './context.ts'
import { filled, parsing } from './guard.ts'

/** Header, parms_id and counts before the residues; a seed takes the place of a polynomial. */
const overheadBytes = 512

/**
 * Checks what SEAL does not, before it parses: the declared length, no compression, a bounded size.
 * SEAL's header is magic 0xA15E, header size, two version bytes, compression, two reserved, 64-bit length.
 */
export function checkSerialised(what: string, bytes: Uint8Array, maxBytes: number): void {
  const refuse = (reason: string): never => {
    throw new UserError('damaged-data', `The ${what} is damaged: ${reason}.`)
  }
  if (bytes.length < 16) refuse('it is too short')
  if (bytes.length > maxBytes) refuse('it is larger than its parameters allow')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint16(0, true) !== 0xa15e || view.getUint8(2) !== 16) refuse('it is not SEAL data')
  if (view.getUint8(5) !== 0) refuse('it is compressed')
  if (view.getBigUint64(8, true) !== BigInt(bytes.length)) refuse('its length is wrong')
}

export const polynomialBytes = (context: SealContext, primes: number): number =>
  8 * context.parameters.polyModulusDegree * primes

export interface ExpectedCiphertext {
  readonly primes: number
  readonly scale: number
}

/**
 * Loads a two-part ciphertext, seeded or not, and checks its level and scale.
 * Throws UserError 'damaged-data'. The caller deletes the result.
 */
export function loadCiphertext(context: SealContext, bytes: Uint8Array, expected: ExpectedCiphertext): Ciphertext {
  const what = 'ciphertext'
  checkSerialised(what, bytes, 2 * polynomialBytes(context, expected.primes) + overheadBytes)
  return filled(new context.seal.bindings.Ciphertext(), (ciphertext) => {
    parsing(what, () => ciphertext.loadFromArray(context.context, bytes))
    const sound =
      ciphertext.size() === 2 &&
      ciphertext.isNttForm() &&
      ciphertext.coeffModulusSize() === expected.primes &&
      isSameScale(ciphertext.scale(), expected.scale)
    if (!sound) {
      throw new UserError('damaged-data', 'A ciphertext has another level or scale than the plan says.')
    }
  })
}

/** Loads what `saveCiphertext` wrote in this process: any number of parts. The caller deletes the result. */
export function loadCiphertextParts(context: SealContext, bytes: Uint8Array): Ciphertext {
  return filled(new context.seal.bindings.Ciphertext(), (ciphertext) => {
    parsing('ciphertext', () => ciphertext.loadFromArray(context.context, bytes))
  })
}

/** SEAL's uncompressed form: 113 bytes, then residues as [polynomial][prime][coefficient], little-endian 64-bit. */
export function saveCiphertext(context: SealContext, ciphertext: Ciphertext): Uint8Array {
  return ciphertext.saveToArray(context.seal.bindings.ComprModeType.none) as Uint8Array
}

export function savePlaintext(context: SealContext, plaintext: Plaintext): Uint8Array {
  return plaintext.saveToArray(context.seal.bindings.ComprModeType.none) as Uint8Array
}

/** True where two scales differ by no more than floating-point rounding. */
export const isSameScale = (left: number, right: number): boolean => Math.abs(left - right) <= 1e-9 * Math.abs(right)
