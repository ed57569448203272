import type { Ciphertext, Plaintext } from 'node-seal/throws'
import { UserError } from '../core/errors.ts'
import type { SealContext } from './context.ts'
import { filled, parsing } from './guard.ts'
import {
  ciphertextBytes,
  ciphertextHeader,
  GENERATOR_BYTES,
  generatorState,
  SCALE_START,
  SEED_BYTES,
} from './seal-form.ts'

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

/** Of one part of a ciphertext: eight bytes for each coefficient and prime. */
export const polynomialBytes = (context: SealContext, primes: number): number =>
  8 * context.parameters.polyModulusDegree * primes

export interface ExpectedCiphertext {
  readonly primes: number
  readonly scale: number
}

/**
 * Loads a two-part ciphertext, seeded or not. All that it says of itself must be what the plan says, byte for byte, so
 * that SEAL meets no size that was chosen outside. Throws UserError 'damaged-data'. The caller deletes the result.
 */
export function loadCiphertext(context: SealContext, bytes: Uint8Array, expected: ExpectedCiphertext): Ciphertext {
  checkCiphertextHeader(context, bytes, expected)
  return filled(new context.seal.bindings.Ciphertext(), (ciphertext) => {
    parsing('ciphertext', () => ciphertext.loadFromArray(context.context, bytes))
  })
}

function checkCiphertextHeader(context: SealContext, bytes: Uint8Array, { primes, scale }: ExpectedCiphertext): void {
  const refuse = (reason: string): never => {
    throw new UserError('damaged-data', `The ciphertext is damaged: ${reason}.`)
  }
  const degree = context.parameters.polyModulusDegree
  const seeded = [true, false].find((seeded) => bytes.length === ciphertextBytes({ degree, primes, seeded }))
  if (seeded === undefined) return refuse(`it has ${bytes.length} bytes, which its plan does not allow`)
  // The edge's scale may differ from the plan's by rounding.
  const own = new DataView(bytes.buffer, bytes.byteOffset).getFloat64(SCALE_START, true)
  if (!isSameScale(own, scale)) refuse('its scale differs from the plan')
  const header = ciphertextHeader({ degree, primes, parmsId: context.parmsIdBytes(primes), scale: own, seeded })
  if (!header.every((byte, i) => bytes[i] === byte)) refuse('it differs from the plan')
  if (!seeded) return
  // The generator has a header of its own: said to be compressed, it could ask SEAL for gigabytes.
  const generator = generatorState(bytes.subarray(-SEED_BYTES))
  if (!generator.every((byte, i) => bytes.at(i - GENERATOR_BYTES) === byte))
    refuse('its seed is not in the form of one')
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

/** Loads a plaintext that was encoded in this process. The caller deletes the result. */
export function loadPlaintext(context: SealContext, bytes: Uint8Array): Plaintext {
  return filled(new context.seal.bindings.Plaintext(), (plaintext) => {
    parsing('plaintext', () => plaintext.loadFromArray(context.context, bytes))
  })
}

/** True where two scales differ by no more than floating-point rounding. */
export const isSameScale = (left: number, right: number): boolean => Math.abs(left - right) <= 1e-9 * Math.abs(right)
