import type { KeyObject } from 'node:crypto'
import { sha256 } from '../files/sha256.ts'
import { newSealingKeys, openBytes, sealBytes } from './sealing.ts'

/**
 * A job's answer is encrypted to a key of whoever submitted it, and the job's id is that key's fingerprint: nodes carry
 * the key on with the task, and none can put its own in its place.
 */
export interface AnswerKeys {
  readonly job: string
  /** Raw X25519 public key, hexadecimal. */
  readonly answerKey: string
  readonly privateKey: KeyObject
}

const use = 'sealwright answer v1'

export function newAnswerKeys(): AnswerKeys {
  const { publicKey: answerKey, privateKey } = newSealingKeys()
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
  const { key, sealed } = sealBytes(Buffer.from(text, 'utf8'), answerKey, use)
  return { key, sealed: sealed.toString('base64') }
}

/** Undefined where it was not sealed for these keys, or was changed. */
export const openText = ({ key, sealed }: SealedText, { answerKey, privateKey }: AnswerKeys): string | undefined =>
  openBytes({ key, sealed: Buffer.from(sealed, 'base64') }, { publicKey: answerKey, privateKey }, use)?.toString('utf8')
