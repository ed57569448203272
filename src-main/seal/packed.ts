import { bitLength } from '../core/numeric/primes.ts'
import { InternalError, invariant, UserError } from '../core/errors.ts'
import { rotationGaloisIndex } from './galois.ts'
import type { SealContext } from './context.ts'
import { packResidues, unpackResidues } from '../core/bundle/residues.ts'
import {
  ciphertextBytes,
  ciphertextHeader,
  GENERATOR_BYTES,
  generatorState,
  HEADER_BYTES,
  RESIDUES_START,
  SEED_BYTES,
  writeHeader,
} from './seal-form.ts'

/*
 * Bundles hold seeded ciphertexts in a form of their own, a third smaller than SEAL's: the seed of the uniform
 * polynomial (64 bytes, for SEAL's BLAKE2xb generator), then the other polynomial's residues, prime by prime in
 * SEAL's NTT order, packed to the bits of each prime. Level and scale come from the plan, so nobody can lie
 * about them.
 */

/** Bytes of one packed ciphertext over the given primes. */
export const packedBytes = (polyModulusDegree: number, primes: readonly string[]): number =>
  SEED_BYTES + primes.reduce((bytes, prime) => bytes + (polyModulusDegree * bitLength(prime)) / 8, 0)

/** From SEAL's form of one seeded ciphertext over `primes`. */
export function packCiphertext(saved: Uint8Array, primes: readonly string[]): Uint8Array {
  const degree = Number(new DataView(saved.buffer, saved.byteOffset).getBigUint64(57, true))
  invariant(saved.length === sealBytes(degree, primes), 'a ciphertext to be packed must be seeded')
  const out = new Uint8Array(packedBytes(degree, primes))
  out.set(saved.subarray(-SEED_BYTES))
  const words = new Uint32Array(saved.slice(RESIDUES_START, -GENERATOR_BYTES).buffer)
  let at = SEED_BYTES
  primes.forEach((prime, i) => {
    const packed = packResidues(words.subarray(2 * degree * i, 2 * degree * (i + 1)), bitLength(prime))
    out.set(packed, at)
    at += packed.length
  })
  return out
}

/** SEAL's form of a packed public key. @throws UserError damaged-data */
export function unpackPublicKey(context: SealContext, packed: Uint8Array): Uint8Array {
  const { primes, polyModulusDegree: degree } = context.parameters
  checkLength('public key', packed, packedBytes(degree, primes))
  const out = new Uint8Array(sealBytes(degree, primes))
  writeCiphertext(out, 0, packed, { degree, primes, parmsId: context.keyParmsIdBytes(), scale: 1 })
  return out
}

interface PackedShape {
  readonly degree: number
  readonly primes: readonly string[]
  readonly parmsId: Uint8Array
  readonly scale: number
}

/** SEAL's form of a packed ciphertext at the level with `primes` data primes. @throws UserError damaged-data */
export function unpackCiphertext(context: SealContext, packed: Uint8Array, primes: number, scale: number): Uint8Array {
  const { parameters } = context
  const shape = {
    degree: parameters.polyModulusDegree,
    primes: parameters.primes.slice(0, primes),
    parmsId: context.parmsIdBytes(primes),
    scale,
  }
  checkLength('ciphertext', packed, packedBytes(shape.degree, shape.primes))
  const out = new Uint8Array(sealBytes(shape.degree, shape.primes))
  writeCiphertext(out, 0, packed, shape)
  return out
}

/** From SEAL's form of relinearisation keys, or of rotation keys in the order of `steps`. */
export function packKeys(context: SealContext, saved: Uint8Array, steps: readonly number[] | undefined): Uint8Array {
  const { primes, polyModulusDegree } = context.parameters
  const bytes = sealBytes(polyModulusDegree, primes)
  const view = new DataView(saved.buffer, saved.byteOffset, saved.byteLength)
  const found = new Map<number, Uint8Array[]>()
  let at = HEADER_BYTES + 40
  const indices = Number(view.getBigUint64(at - 8, true))
  for (let index = 0; index < indices; index++) {
    const digits = Number(view.getBigUint64(at, true))
    at += 8
    const key = Array.from({ length: digits }, () => packCiphertext(saved.subarray(at, (at += bytes)), primes))
    if (digits > 0) found.set(index, key)
  }
  const wanted = indicesOf(polyModulusDegree, steps)
  const keys = wanted.flatMap((index) => found.get(index) ?? [])
  if (at !== saved.length || keys.length !== wanted.length * context.dataPrimes) {
    throw new InternalError('SEAL saved keys in another form than expected')
  }
  const out = new Uint8Array(keys.length * keys[0].length)
  keys.forEach((key, i) => out.set(key, i * key.length))
  return out
}

/** SEAL's form of packed keys made on the chain of `context`. @throws UserError damaged-data */
export function unpackKeys(context: SealContext, packed: Uint8Array, steps: readonly number[] | undefined): Uint8Array {
  const { primes, polyModulusDegree: degree } = context.parameters
  const digits = context.dataPrimes
  const [small, large] = [packedBytes(degree, primes), sealBytes(degree, primes)]
  const wanted = new Map(indicesOf(degree, steps).map((index, position) => [index, position]))
  checkLength('key', packed, wanted.size * digits * small)
  const indices = steps ? degree : 1
  const out = new Uint8Array(HEADER_BYTES + 40 + 8 * indices + wanted.size * digits * large)
  const view = new DataView(out.buffer)
  const parmsId = context.keyParmsIdBytes()
  writeHeader(view, 0, out.length)
  out.set(parmsId, HEADER_BYTES)
  view.setBigUint64(HEADER_BYTES + 32, BigInt(indices), true)
  let at = HEADER_BYTES + 40
  for (let index = 0; index < indices; index++) {
    const position = wanted.get(index)
    view.setBigUint64(at, BigInt(position === undefined ? 0 : digits), true)
    at += 8
    if (position === undefined) continue
    for (let digit = 0; digit < digits; digit++) {
      const start = (position * digits + digit) * small
      writeCiphertext(out, at, packed.subarray(start, start + small), { degree, primes, parmsId, scale: 1 })
      at += large
    }
  }
  return out
}

const indicesOf = (degree: number, steps: readonly number[] | undefined): number[] =>
  steps ? steps.map((step) => rotationGaloisIndex(step, degree)) : [0]

const sealBytes = (degree: number, primes: readonly string[]): number =>
  ciphertextBytes({ degree, primes: primes.length, seeded: true })

function writeCiphertext(out: Uint8Array, start: number, packed: Uint8Array, shape: PackedShape): void {
  const { degree, primes, parmsId, scale } = shape
  out.set(ciphertextHeader({ degree, primes: primes.length, parmsId, scale, seeded: true }), start)
  let from = SEED_BYTES
  let to = start + RESIDUES_START
  const residues = new Uint32Array(2 * degree)
  for (const prime of primes) {
    const bytes = (degree * bitLength(prime)) / 8
    unpackResidues(packed.subarray(from, from + bytes), bitLength(prime), residues)
    out.set(new Uint8Array(residues.buffer), to)
    from += bytes
    to += 8 * degree
  }
  out.set(generatorState(packed.subarray(0, SEED_BYTES)), to)
}

function checkLength(what: string, bytes: Uint8Array, expected: number): void {
  if (bytes.length === expected) return
  throw new UserError('damaged-data', `The ${what} is damaged: it has ${bytes.length} bytes, not ${expected}.`)
}
