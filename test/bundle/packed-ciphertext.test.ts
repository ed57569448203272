import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeResult, encodeResult, MAX_RESULT_BYTES } from '../../src-main/core/bundle/result.ts'
import { packedLength, packingOf } from '../../src-main/core/bundle/packed-ciphertext.ts'
import { sha256 } from '../../src-main/files/sha256.ts'
import { ciphertextHeader } from '../../src-main/seal/seal-form.ts'

const identity = { deploymentId: '0'.repeat(32), bundleSha256: '1'.repeat(64), segment: 0 }

/** SEAL's form of two parts, whose residues of each prime are below 2^bits; the highest bit is taken. */
function saved(degree: number, bits: readonly number[], seed: bigint): Uint8Array {
  const shape = { degree, primes: bits.length, parmsId: new Uint8Array(32).fill(7), scale: 2 ** 25, seeded: false }
  const head = ciphertextHeader(shape)
  const out = new Uint8Array(head.length + 16 * degree * bits.length)
  out.set(head)
  const view = new DataView(out.buffer)
  let state = seed
  for (let i = 0; i < 2 * degree * bits.length; i++) {
    const width = BigInt(bits[Math.floor(i / degree) % bits.length])
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n)
    const highest = i % degree === 0 ? 1n << (width - 1n) : 0n
    view.setBigUint64(head.length + 8 * i, BigInt.asUintN(Number(width), state) | highest, true)
  }
  return out
}

const headerOf = (file: Uint8Array) => {
  const length = new DataView(file.buffer, file.byteOffset).getUint32(8, true)
  return { header: JSON.parse(Buffer.from(file.subarray(12, 12 + length)).toString()), end: 12 + length }
}

function withHeader(file: Uint8Array, change: (header: ReturnType<typeof headerOf>['header']) => void): Uint8Array {
  const { header, end } = headerOf(file)
  change(header)
  const json = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(json.length)
  return new Uint8Array(Buffer.concat([file.subarray(0, 8), length, json, file.subarray(end)]))
}

const ciphertext = saved(64, [37, 28, 41], 5n)
const file = encodeResult({ ...identity, ciphertexts: [ciphertext, ciphertext] }, sha256)

describe('ciphertexts in files', () => {
  it('come back to the byte, whatever their degree and primes', () => {
    const shape = fc.record({
      degree: fc.constantFrom(32, 64, 256),
      bits: fc.array(fc.integer({ min: 1, max: 61 }), { minLength: 1, maxLength: 5 }),
      seed: fc.bigInt(0n, 2n ** 64n - 1n),
      kind: fc.constantFrom('result' as const, 'refreshed' as const, 'handed' as const),
    })
    fc.assert(
      fc.property(shape, ({ degree, bits, seed, kind }) => {
        const ciphertexts = [saved(degree, bits, seed), saved(degree, bits.slice(0, 1), seed + 1n)]
        const written = encodeResult({ ...identity, ciphertexts }, sha256, kind)
        expect(decodeResult(written, sha256, kind)).toEqual({ ...identity, ciphertexts })
        // As files are read: anywhere in a larger memory.
        const buffers = ciphertexts.map((bytes) => Buffer.concat([Buffer.of(1, 2, 3), bytes]).subarray(3))
        const again = Buffer.concat([encodeResult({ ...identity, ciphertexts: buffers }, sha256, kind)])
        expect(decodeResult(again, sha256, kind)).toEqual({ ...identity, ciphertexts })
        expect(packingOf(ciphertexts[0])?.bits).toEqual([...bits, ...bits])
      }),
    )
  })

  it('take the bits of their primes, lowest first, part by part and prime by prime, behind SEAL’s head', () => {
    const { header, end } = headerOf(file)
    expect(header).toMatchObject({
      version: 2,
      ciphertexts: [{ bytes: ciphertext.length, sha256: sha256(ciphertext) }, {}],
    })
    const { bits } = header.ciphertexts[0]
    expect(bits).toEqual([37, 28, 41, 37, 28, 41])
    expect(file.length).toBe(end + 2 * (113 + (2 * 64 * (37 + 28 + 41)) / 8))
    expect(file.subarray(end, end + 113)).toEqual(ciphertext.subarray(0, 113))
    // Read without our code.
    let at = end + 113
    const view = new DataView(ciphertext.buffer, 113)
    bits.forEach((width: number, block: number) => {
      let number = 0n
      for (let byte = (64 * width) / 8 - 1; byte >= 0; byte--) number = (number << 8n) | BigInt(file[at + byte])
      for (let i = 0; i < 64; i++) {
        const residue = (number >> BigInt(i * width)) & ((1n << BigInt(width)) - 1n)
        expect(residue).toBe(view.getBigUint64(8 * (64 * block + i), true))
      }
      at += (64 * width) / 8
    })
  })

  it('are read from files of version 1, whose residues take eight bytes, and left so where they have another form', () => {
    const odd = Uint8Array.of(1, 2, 3)
    const plain = encodeResult({ ...identity, ciphertexts: [odd] }, sha256)
    expect(headerOf(plain).header.version).toBe(1)
    const version1 = withHeader(plain, (header) => {
      header.ciphertexts = [{ bytes: ciphertext.length, sha256: sha256(ciphertext) }]
    })
    const whole = new Uint8Array(Buffer.concat([version1.subarray(0, headerOf(version1).end), ciphertext]))
    expect(decodeResult(whole, sha256).ciphertexts).toEqual([ciphertext])
    expect(decodeResult(plain, sha256).ciphertexts).toEqual([odd])
  })

  it.each([
    ['bits that are not its own', (record: { bits: number[] }) => record.bits.reverse()],
    ['fewer bits', (record: { bits: number[] }) => record.bits.fill(8)],
    ['a number of residues that no ciphertext has', (record: { bits: number[] }) => record.bits.pop()],
    ['no bits', (record: { bits: number[] }) => (record.bits = [])],
    ['more bits than a word has', (record: { bits: number[] }) => record.bits.fill(65)],
    ['another size', (record: { bytes: number }) => (record.bytes += 8)],
    ['another hash', (record: { sha256: string }) => (record.sha256 = '2'.repeat(64))],
  ])('are refused with %s', (_, change) => {
    const bad = withHeader(file, (header) => void change(header.ciphertexts[0]))
    expect(() => decodeResult(bad, sha256)).toThrow(expect.objectContaining({ code: 'damaged-result' }))
  })

  it('are refused before anything is unpacked where few bytes stand for too many', () => {
    const bits = new Array(2 * 31).fill(1)
    const bytes = 113 + 8 * 32768 * bits.length
    expect(packedLength(bytes, bits)).toBeLessThan(bytes / 60)
    const count = Math.ceil(MAX_RESULT_BYTES / bytes) + 1
    const bomb = withHeader(file, (header) => {
      header.ciphertexts = Array.from({ length: count }, () => ({ bytes, sha256: '2'.repeat(64), bits }))
    })
    expect(() => decodeResult(bomb, sha256)).toThrow('more bytes than there may be')
  })
})
