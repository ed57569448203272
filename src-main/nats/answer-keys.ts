import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import { sha256 } from '../files/sha256.ts'

/**
 * A job's answer is encrypted to a key of whoever submitted it, and the job's id is that key's fingerprint: nodes carry
 * the key on with the task, and none can put its own in its place. X25519 with a fresh key for each answer, HKDF-SHA256
 * and AES-256-GCM, as in RFC 9180 without its framing.
 */
export interface AnswerKeys {
  readonly job: string
  /** Raw X25519 public key, hexadecimal. */
  readonly answerKey: string
  readonly privateKey: KeyObject
}

/** X25519 keys in DER (RFC 8410) begin so, and end with the 32 raw bytes. */
const derPrefix = Buffer.from('302a300506032b656e032100', 'hex')
const tagBytes = 16
/** Every key is used once. */
const nonce = Buffer.alloc(12)

export function newAnswerKeys(): AnswerKeys {
  const { publicKey, privateKey } = generateKeyPairSync('x25519')
  const answerKey = rawOf(publicKey)
  return { job: jobOf(answerKey), answerKey, privateKey }
}

/** The id that a job with this answer key has. */
export const jobOf = (answerKey: string): string => sha256(Buffer.from(answerKey, 'hex')).slice(0, 32)

export interface SealedText {
  /** Raw X25519 public key of this answer alone, hexadecimal. */
  readonly key: string
  /** Base64, with the tag at its end. */
  readonly sealed: string
}

/** Throws where `answerKey` is no key that others can agree with. */
export function sealText(text: string, answerKey: string): SealedText {
  const fresh = generateKeyPairSync('x25519')
  const key = rawOf(fresh.publicKey)
  const secret = diffieHellman({ privateKey: fresh.privateKey, publicKey: publicOf(answerKey) })
  const cipher = createCipheriv('aes-256-gcm', contentKey(secret, key, answerKey), nonce)
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return { key, sealed: sealed.toString('base64') }
}

/** Undefined where it was not sealed for these keys, or was changed. */
export function openText({ key, sealed }: SealedText, { answerKey, privateKey }: AnswerKeys): string | undefined {
  try {
    const secret = diffieHellman({ privateKey, publicKey: publicOf(key) })
    const bytes = Buffer.from(sealed, 'base64')
    const decipher = createDecipheriv('aes-256-gcm', contentKey(secret, key, answerKey), nonce)
    decipher.setAuthTag(bytes.subarray(-tagBytes))
    return Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()]).toString('utf8')
  } catch {
    return undefined
  }
}

const contentKey = (secret: Buffer, key: string, answerKey: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, Buffer.from(key + answerKey, 'hex'), 'sealwright answer v1', 32))

const rawOf = (publicKey: KeyObject): string =>
  publicKey.export({ type: 'spki', format: 'der' }).subarray(derPrefix.length).toString('hex')

const publicOf = (raw: string): KeyObject =>
  createPublicKey({ key: Buffer.concat([derPrefix, Buffer.from(raw, 'hex')]), type: 'spki', format: 'der' })
