import { InternalError, invariant, UserError } from '../core/errors.ts'
import { rotationGaloisIndex } from './galois.ts'
import type { SealContext } from './context.ts'
import { bitLength, packResidues, unpackResidues } from './residues.ts'

/*
 * Bundles hold seeded ciphertexts in a form of their own, a third smaller than SEAL's: the seed of the uniform
 * polynomial (64 bytes, for SEAL's BLAKE2xb generator), then the other polynomial's residues, prime by prime in
 * SEAL's NTT order, packed to the bits of each prime. Level and scale come from the plan, so nobody can lie
 * about them. SEAL's form, for SEAL 4.1: header (16), parms_id (32), NTT flag, size, N, primes, scale, correction
 * factor, nested header (16), word count, residues, then the generator's header (16), type and seed.
 */
const seedBytes = 64
const headerBytes = 16
const residuesStart = 113
const blake2xb = 1
const generatorBytes = headerBytes + 1 + seedBytes

/** Bytes of one packed ciphertext over the given primes. */
export const packedBytes = (polyModulusDegree: number, primes: readonly string[]): number =>
  seedBytes + primes.reduce((bytes, prime) => bytes + (polyModulusDegree * bitLength(prime)) / 8, 0)

/** From SEAL's form of one seeded ciphertext over `primes`. */
export function packCiphertext(saved: Uint8Array, primes: readonly string[]): Uint8Array {
  const degree = Number(new DataView(saved.buffer, saved.byteOffset).getBigUint64(57, true))
  invariant(saved.length === sealBytes(degree, primes), 'a ciphertext to be packed must be seeded')
  const out = new Uint8Array(packedBytes(degree, primes))
  out.set(saved.subarray(-seedBytes))
  const words = new Uint32Array(saved.slice(residuesStart, -generatorBytes).buffer)
  let at = seedBytes
  primes.forEach((prime, i) => {
    const packed = packResidues(words.subarray(2 * degree * i, 2 * degree * (i + 1)), bitLength(prime))
    out.set(packed, at)
    at += packed.length
  })
  return out
}

/** SEAL's form of a packed public key. Throws UserError 'damaged-data'. */
export function unpackPublicKey(context: SealContext, packed: Uint8Array): Uint8Array {
  const { primes, polyModulusDegree: degree } = context.parameters
  checkLength('public key', packed, packedBytes(degree, primes))
  const out = new Uint8Array(sealBytes(degree, primes))
  writeCiphertext(out, 0, packed, { degree, primes, parmsId: context.keyParmsIdBytes(), scale: 1 })
  return out
}

interface CiphertextShape {
  readonly degree: number
  readonly primes: readonly string[]
  readonly parmsId: Uint8Array
  readonly scale: number
}

/** SEAL's form of a packed ciphertext at the level with `primes` data primes. Throws UserError 'damaged-data'. */
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
  let at = headerBytes + 40
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

/** SEAL's form of packed keys made on the chain of `context`. Throws UserError 'damaged-data'. */
export function unpackKeys(context: SealContext, packed: Uint8Array, steps: readonly number[] | undefined): Uint8Array {
  const { primes, polyModulusDegree: degree } = context.parameters
  const digits = context.dataPrimes
  const [small, large] = [packedBytes(degree, primes), sealBytes(degree, primes)]
  const wanted = new Map(indicesOf(degree, steps).map((index, position) => [index, position]))
  checkLength('key', packed, wanted.size * digits * small)
  const indices = steps ? degree : 1
  const out = new Uint8Array(headerBytes + 40 + 8 * indices + wanted.size * digits * large)
  const view = new DataView(out.buffer)
  const parmsId = context.keyParmsIdBytes()
  writeHeader(view, 0, out.length)
  out.set(parmsId, headerBytes)
  view.setBigUint64(headerBytes + 32, BigInt(indices), true)
  let at = headerBytes + 40
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
  residuesStart + 8 * degree * primes.length + generatorBytes

function writeCiphertext(out: Uint8Array, start: number, packed: Uint8Array, shape: CiphertextShape): void {
  const { degree, primes, parmsId, scale } = shape
  const view = new DataView(out.buffer, start)
  const words = BigInt(degree * primes.length)
  writeHeader(view, 0, sealBytes(degree, primes))
  out.set(parmsId, start + headerBytes)
  view.setUint8(48, 1)
  view.setBigUint64(49, 2n, true)
  view.setBigUint64(57, BigInt(degree), true)
  view.setBigUint64(65, BigInt(primes.length), true)
  view.setFloat64(73, scale, true)
  view.setBigUint64(81, 1n, true)
  writeHeader(view, 89, headerBytes + 8 + 8 * Number(words))
  view.setBigUint64(105, words, true)
  let from = seedBytes
  const residues = new Uint32Array(2 * degree)
  primes.forEach((prime, i) => {
    const bytes = (degree * bitLength(prime)) / 8
    unpackResidues(packed.subarray(from, from + bytes), bitLength(prime), residues)
    out.set(new Uint8Array(residues.buffer), start + residuesStart + 8 * degree * i)
    from += bytes
  })
  const generator = residuesStart + 8 * Number(words)
  writeHeader(view, generator, generatorBytes)
  view.setUint8(generator + headerBytes, blake2xb)
  out.set(packed.subarray(0, seedBytes), start + generator + headerBytes + 1)
}

/** Magic, header size, version 4.1, no compression, total length. */
function writeHeader(view: DataView, at: number, bytes: number): void {
  view.setUint16(at, 0xa15e, true)
  view.setUint8(at + 2, headerBytes)
  view.setUint8(at + 3, 4)
  view.setUint8(at + 4, 1)
  view.setBigUint64(at + 8, BigInt(bytes), true)
}

function checkLength(what: string, bytes: Uint8Array, expected: number): void {
  if (bytes.length === expected) return
  throw new UserError('damaged-data', `The ${what} is damaged: it has ${bytes.length} bytes, not ${expected}.`)
}
