import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { z } from 'zod'
import { fingerprintOf, hashFor } from '../../files/signature.ts'
import type { Signer } from '../sign.ts'

const hash = z.string().regex(/^[0-9a-f]{64}$/)
const recordSchema = z.strictObject({
  sequence: z.int().min(0),
  time: z.iso.datetime(),
  event: z.enum([
    'started',
    'released',
    'refreshed',
    'refused',
    'audit-passed',
    'audit-failed',
    'canary-passed',
    'canary-failed',
    'stopped',
  ]),
  deployment: z.string().max(64).optional(),
  /** Fingerprint of the bearer token. */
  token: z.string().max(64).optional(),
  reason: z.string().max(200).optional(),
  /** By which the logs of edge and gateway find the same request; the job over NATS. */
  request: z.string().max(64).optional(),
  /** Bits that the event counted against the deployment's budget. */
  bits: z.number().nonnegative().optional(),
  /** Alike refusals that one record stands for; 1 where it is absent. */
  count: z.int().min(1).optional(),
  /** With `started`: the public key that signs from here on, SubjectPublicKeyInfo in base64. */
  signer: z.base64().max(400).optional(),
  previous: hash,
  hash,
  /** ECDSA in DER and base64, over the record's hash. */
  signature: z.base64().max(400),
})

export type AuditRecord = z.infer<typeof recordSchema>
export type AuditEvent = Omit<AuditRecord, 'sequence' | 'time' | 'previous' | 'hash' | 'signature'>

const firstHash = '0'.repeat(64)

/** The next record of a chain. */
export function sealRecord(event: AuditEvent, sequence: number, previous: string, signer: Signer): AuditRecord {
  const content = { sequence, time: new Date().toISOString(), ...event, previous }
  const hash = hashOf(content)
  return { ...content, hash, signature: signer.signBytes(signedBytes(hash)) }
}

/** Whether a file that begins so is an audit log; a first line that is not whole must be the beginning of one. */
export function couldBegin(text: string, isWhole: boolean): boolean {
  if (isWhole) return parseRecord(text)?.sequence === 0
  const begin = '{"sequence":0,"time":"'
  return text.startsWith(begin) || begin.startsWith(text)
}

/** Follows a chain line by line. */
export class AuditChain {
  records = 0
  lastHash = firstHash
  readonly signers: string[] = []
  /** The fingerprint of the key that was not trusted, where that is what ended the chain. */
  strange: string | undefined
  readonly #isTrusted: (fingerprint: string) => boolean
  #key: KeyObject | undefined

  constructor(isTrusted: (fingerprint: string) => boolean) {
    this.#isTrusted = isTrusted
  }

  /** Undefined where the line does not continue the chain. */
  follow(line: string): AuditRecord | undefined {
    const record = parseRecord(line)
    if (!record || record.sequence !== this.records || record.previous !== this.lastHash) return undefined
    const { hash, signature, ...content } = record
    if (hash !== hashOf(content)) return undefined
    const key = record.event === 'started' ? readKey(record.signer) : this.#key
    if (!key || !verify(hashFor(key), signedBytes(hash), key, Buffer.from(signature, 'base64'))) return undefined
    if (record.event === 'started' && !this.#accept(key)) return undefined
    this.records += 1
    this.lastHash = hash
    return record
  }

  #accept(key: KeyObject): boolean {
    const fingerprint = fingerprintOf(key)
    if (!this.#isTrusted(fingerprint)) {
      this.strange = fingerprint
      return false
    }
    this.#key = key
    if (!this.signers.includes(fingerprint)) this.signers.push(fingerprint)
    return true
  }
}

/** Nothing else that the key signs begins so. */
const signedBytes = (hash: string): Buffer => Buffer.from(`sealwright audit record ${hash}`)

function readKey(spki = ''): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' })
    hashFor(key)
    return key
  } catch {
    return undefined
  }
}

function parseRecord(line: string): AuditRecord | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}

/** Over the record's JSON with its keys in order, so that parsing and printing change nothing. */
function hashOf(content: object): string {
  const sorted = Object.entries(content).filter(([, value]) => value !== undefined)
  sorted.sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex')
}
