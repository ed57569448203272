import {
  Decrypter,
  Encrypter,
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from 'age-encryption'
import { UserError } from '../core/errors.ts'
import { kindOfRecipients, type RecipientKind } from './recipients.ts'

/** For whom secrets are encrypted: a passphrase, or age recipients of one kind (`age1…` or `age1pq1…`). */
export type Lock =
  { readonly passphrase: string; readonly scryptWorkFactor?: number } | { readonly recipients: readonly string[] }

/** What opens them: the passphrase, or age identities (`AGE-SECRET-KEY-…`), one of which fits. */
export type Unlock = { readonly passphrase: string } | { readonly identities: readonly string[] }

/** A fresh age identity of a kind, and its recipient. */
export async function generateIdentity(
  kind: RecipientKind,
): Promise<{ readonly identity: string; readonly recipient: string }> {
  const identity = await (kind === 'post-quantum' ? generateHybridIdentity() : generateX25519Identity())
  return { identity, recipient: await identityToRecipient(identity) }
}

/** For whom an identity opens. */
export const recipientOf = (identity: string): Promise<string> => identityToRecipient(identity)

/** Of a new passphrase; the window asks for as many. */
const leastPassphraseLength = 8

/** @throws UserError weak-passphrase */
export function checkedPassphrase(passphrase: string): string {
  if (Array.from(passphrase).length >= leastPassphraseLength) return passphrase
  throw new UserError('weak-passphrase', `The passphrase has fewer than ${leastPassphraseLength} characters.`, {
    hint: 'Five random words make a good one.',
  })
}

/** Refuses before long work what `lockSecret` would refuse after it. @throws UserError weak-passphrase, bad-recipient */
export function checkLock(lock: Lock): void {
  if ('recipients' in lock) kindOfRecipients(lock.recipients)
  else if (lock.passphrase === '') throw new UserError('weak-passphrase', 'The passphrase is empty.')
}

/** An age file (age-encryption.org/v1). @throws UserError weak-passphrase, bad-recipient */
export async function lockSecret(secret: Uint8Array, lock: Lock): Promise<Uint8Array> {
  checkLock(lock)
  const encrypter = new Encrypter()
  if ('passphrase' in lock) {
    encrypter.setPassphrase(lock.passphrase)
    if (lock.scryptWorkFactor !== undefined) encrypter.setScryptWorkFactor(lock.scryptWorkFactor)
  } else {
    for (const recipient of lock.recipients) encrypter.addRecipient(recipient)
  }
  return await encrypter.encrypt(secret)
}

/** @throws UserError wrong-passphrase */
export async function unlockSecret(file: Uint8Array, unlock: Unlock): Promise<Uint8Array> {
  const decrypter = new Decrypter()
  try {
    if ('passphrase' in unlock) decrypter.addPassphrase(unlock.passphrase)
    else for (const identity of unlock.identities) decrypter.addIdentity(identity)
    return await decrypter.decrypt(file)
  } catch (cause) {
    const what = 'passphrase' in unlock ? 'passphrase' : 'age identity'
    throw new UserError('wrong-passphrase', `The ${what} does not open the key store's secret.`, {
      hint: 'Nothing was changed; try again.',
      cause,
    })
  }
}
