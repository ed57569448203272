import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeCase, encodeCase, type AuditCase } from '../../src-main/core/bundle/audit-case.ts'
import {
  areChained,
  commitmentOf,
  encryptionKeyOf,
  receiptSha256,
  type Receipt,
} from '../../src-main/core/bundle/receipt.ts'
import { decodeResult, encodeResult } from '../../src-main/core/bundle/result.ts'
import { sha256 } from '../../src-main/files/sha256.ts'

const hash = (digit: string): string => digit.repeat(64)
const receipt: Receipt = {
  version: 1,
  job: '0123456789abcdef'.repeat(2),
  bundleSha256: hash('a'),
  segment: 0,
  planSha256: hash('b'),
  evaluator: 'kernels-1',
  inputs: [hash('c')],
  outputs: [hash('d'), hash('e')],
  commitment: hash('f'),
}
const { commitment: _, ...withoutCommitment } = receipt
const later = { ...withoutCommitment, segment: 1, inputs: receipt.outputs, outputs: [hash('1')] }
const seed = Uint8Array.from({ length: 32 }, (_, i) => 255 - i)
const values = Float64Array.of(0.5, -0, 1e-300, 3)

describe('a commitment', () => {
  it('is the hash of tag, job, seed and values, in that order', () => {
    const view = Buffer.alloc(32)
    values.forEach((value, i) => view.writeDoubleLE(value, 8 * i))
    const expected = createHash('sha256')
      .update('sealwright commitment 1\n')
      .update(Buffer.from(receipt.job, 'hex'))
      .update(seed)
      .update(view)
      .digest('hex')
    expect(commitmentOf({ job: receipt.job, seed, values }, sha256)).toBe(expected)
  })

  it('changes with every part of what it is to', () => {
    const base = { job: receipt.job, seed, values }
    const others = [
      { ...base, job: hash('0').slice(32) },
      { ...base, seed: seed.map((byte, i) => (i === 31 ? byte ^ 1 : byte)) },
      { ...base, values: Float64Array.of(0.5, 0, 1e-300, 3) },
      { ...base, values: values.subarray(1) },
    ]
    const all = [base, ...others].map((input) => commitmentOf(input, sha256))
    expect(new Set(all).size).toBe(all.length)
  })
})

describe('the key of an input ciphertext', () => {
  it('is another for every job, seed and register', () => {
    const other = { job: hash('0').slice(32), seed }
    const keys = [
      encryptionKeyOf({ job: receipt.job, seed }, 0, sha256),
      encryptionKeyOf({ job: receipt.job, seed }, 1, sha256),
      encryptionKeyOf({ job: receipt.job, seed: seed.map((byte) => byte ^ 1) }, 0, sha256),
      encryptionKeyOf(other, 0, sha256),
    ]
    expect(keys.map(({ length }) => length)).toEqual([32, 32, 32, 32])
    expect(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size).toBe(4)
    const expected = createHash('sha256').update('sealwright encryption 1\n').update(Buffer.from(receipt.job, 'hex'))
    expect(Buffer.from(keys[1])).toEqual(
      expected
        .update(seed)
        .update(Buffer.of(1, 0, 0, 0))
        .digest(),
    )
  })
})

describe('receipts', () => {
  it('have one identity, whatever the order of their fields', () => {
    const shuffled = Object.fromEntries(Object.entries(receipt).reverse()) as unknown as Receipt
    expect(receiptSha256(shuffled, sha256)).toBe(receiptSha256(receipt, sha256))
    expect(receiptSha256(later, sha256)).not.toBe(receiptSha256(receipt, sha256))
  })

  it('are a chain only where each computes on what the one before gave', () => {
    expect(areChained([receipt, later], later.outputs)).toBe(true)
    expect(areChained([receipt], receipt.outputs)).toBe(true)
    expect(areChained([], [])).toBe(false)
    expect(areChained([receipt, later], receipt.outputs)).toBe(false)
    for (const wrong of [{ segment: 2 }, { job: hash('0').slice(32) }, { inputs: [hash('d')] }, { inputs: [] }]) {
      expect(areChained([receipt, { ...later, ...wrong }], later.outputs)).toBe(false)
    }
  })

  it('travel in the header of a result, with the job', () => {
    const ciphertexts = [Uint8Array.of(1, 2, 3)]
    const result = {
      deploymentId: 'c'.repeat(32),
      bundleSha256: receipt.bundleSha256,
      segment: 1,
      ciphertexts,
      job: receipt.job,
      receipts: [receipt, { ...later, outputs: ciphertexts.map(sha256) }],
    }
    expect(decodeResult(encodeResult(result, sha256), sha256)).toEqual(result)
    const spoilt = { ...result, receipts: [{ ...receipt, commitment: 'no hash' }] }
    expect(() => decodeResult(encodeResult(spoilt, sha256), sha256)).toThrow('header is not valid')
  })
})

describe('an audit case', () => {
  const cases: AuditCase[] = [
    { receipt },
    { receipt, opening: { kind: 'values', seed, values } },
    { receipt: later, opening: { kind: 'ciphertexts', ciphertexts: [Uint8Array.of(1), Uint8Array.of(2, 3)] } },
    { receipt, finding: { agrees: false, fault: 'no-opening' } },
    {
      receipt,
      opening: { kind: 'values', seed, values },
      finding: { agrees: false, fault: 'output', inputs: receipt.inputs, outputs: [hash('2')] },
    },
  ]

  it('comes back as it was', () => {
    for (const each of cases) expect(decodeCase(encodeCase(each, sha256), sha256)).toEqual(each)
  })

  it('is refused with one bit changed, or a piece missing or too many', () => {
    const file = encodeCase(cases[2], sha256)
    const refused = expect.objectContaining({ code: 'damaged-case' })
    const decode = (bytes: Uint8Array) => () => decodeCase(bytes, sha256)
    fc.assert(
      fc.property(fc.nat(8 * file.length - 1), (bit) => {
        const changed = file.slice()
        changed[bit >> 3] ^= 1 << (bit & 7)
        try {
          // Hashes of a receipt may be any; nothing else may change.
          const { opening, finding } = decodeCase(changed, sha256)
          expect({ opening, finding }).toEqual({ opening: cases[2].opening, finding: undefined })
        } catch (error) {
          expect(error).toEqual(refused)
        }
      }),
    )
    expect(decode(file.subarray(0, -1))).toThrow(refused)
    expect(decode(Buffer.concat([file, Uint8Array.of(0)]))).toThrow(refused)
    expect(decode(new Uint8Array())).toThrow(refused)
    expect(
      decode(encodeCase({ receipt, opening: { kind: 'values', seed, values: Float64Array.of(NaN) } }, sha256)),
    ).toThrow('not numbers')
  })
})
