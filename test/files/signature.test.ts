import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkStatement, fingerprintOf, readPublicKey, verifyStatement } from '../../src-main/files/signature.ts'
import { Signer } from '../../src-main/owner/sign.ts'

const vector = (name: string): Buffer => readFileSync(new URL(`../vectors/oms/${name}`, import.meta.url))
const key = readPublicKey(vector('key.pub'))
const refused = (code: string, reason: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(reason) })

describe('the published vectors of OpenSSF Model Signing v1.0', () => {
  it('verify where they are valid and of the key method', () => {
    const statement = verifyStatement(vector('valid/key.bundle.json'), key)
    expect(statement.predicate.resources.map(({ name }) => name)).toEqual(['signme-1', 'signme-2'])
    const hint = JSON.parse(vector('valid/key.bundle.json').toString()).verificationMaterial.publicKey.hint
    expect(fingerprintOf(key)).toBe(hint)
  })

  it.each([
    ['valid/certificate.bundle.json', 'unsupported-signature-method', 'certificate method'],
    ['valid/sigstore.bundle.json', 'unsupported-signature-method', 'sigstore method'],
    ['invalid/empty.bundle.json', 'bad-signature', 'not JSON'],
    ['invalid/missing-envelope.bundle.json', 'bad-signature', 'not a Sigstore bundle: content'],
    ['invalid/missing-tlog-entries.bundle.json', 'bad-signature', 'no transparency log entries'],
    ['invalid/missing-verification-material.bundle.json', 'bad-signature', 'no verification material'],
    ['invalid-payload/wrong-predicate.bundle.json', 'bad-signature', 'predicate'],
  ])('%s fails with %s: %s', (name, code, reason) => {
    expect(() => verifyStatement(vector(name), key)).toThrow(refused(code, reason))
  })

  it('fail under another key', () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey
    expect(() => verifyStatement(vector('valid/key.bundle.json'), other)).toThrow(
      refused('bad-signature', 'another key'),
    )
  })
})

describe.each(['P-256', 'P-384'])('signing with %s', (namedCurve) => {
  const pem = generateKeyPairSync('ec', { namedCurve }).privateKey.export({ type: 'pkcs8', format: 'pem' })
  const signer = Signer.load(pem as string)
  const entries = [
    { name: 'b', sha256: '01'.repeat(32) },
    { name: 'a', sha256: '02'.repeat(32) },
  ]

  it('makes what verifies, for exactly these entries', () => {
    const statement = verifyStatement(signer.sign(entries), signer.publicKey)
    expect(() => checkStatement(statement, entries)).not.toThrow()
    const c = { name: 'c', sha256: '03'.repeat(32) }
    const others: [typeof entries, string][] = [
      [entries.slice(1), 'it covers b, which the bundle does not hold'],
      [[...entries, c], 'it does not cover c'],
      [[entries[0], { name: 'a', sha256: '03'.repeat(32) }], 'a differs'],
    ]
    for (const [other, reason] of others) {
      expect(() => checkStatement(statement, other)).toThrow(refused('bad-signature', `other content: ${reason}`))
    }
    expect(() => checkStatement(statement, [entries[0]], [entries[1], c])).not.toThrow()
    expect(() => checkStatement(statement, [entries[0]], [{ ...entries[1], sha256: c.sha256 }])).toThrow(
      refused('bad-signature', 'a differs'),
    )
  })

  it('is broken by any change of the payload', () => {
    const signature = JSON.parse(new TextDecoder().decode(signer.sign(entries)))
    const payload = Buffer.from(signature.dsseEnvelope.payload, 'base64').toString().replace('"a"', '"c"')
    signature.dsseEnvelope.payload = Buffer.from(payload).toString('base64')
    const file = Buffer.from(JSON.stringify(signature))
    expect(() => verifyStatement(file, signer.publicKey)).toThrow(refused('bad-signature', 'other content'))
  })
})

describe('keys of other kinds', () => {
  it('are refused', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' })
    for (const { privateKey } of [rsa, p521]) {
      const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
      expect(() => Signer.load(pem)).toThrow(expect.objectContaining({ code: 'bad-public-key' }))
    }
    expect(() => Signer.load('nonsense')).toThrow(expect.objectContaining({ code: 'bad-signing-key' }))
    expect(() => readPublicKey('nonsense')).toThrow(expect.objectContaining({ code: 'bad-public-key' }))
  })
})

describe('a public key', () => {
  it('is refused where it is a private one, which Node would take', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    for (const type of ['pkcs8', 'sec1'] as const) {
      const pem = privateKey.export({ type, format: 'pem' })
      expect(() => readPublicKey(pem as string)).toThrow(
        expect.objectContaining({ code: 'bad-public-key', message: expect.stringContaining('is a private key') }),
      )
    }
    expect(readPublicKey(publicKey.export({ type: 'spki', format: 'pem' }) as string).type).toBe('public')
  })
})
