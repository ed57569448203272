import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { UserError } from '../core/errors.ts'

/** For whom secrets are encrypted: a passphrase, or age recipients (`age1…`). */
export type Lock =
  { readonly passphrase: string; readonly scryptWorkFactor?: number } | { readonly recipients: readonly string[] }

/** What opens them: the passphrase, or age identities (`AGE-SECRET-KEY-1…`), one of which fits. */
export type Unlock = { readonly passphrase: string } | { readonly identities: readonly string[] }

/** A fresh age identity (`AGE-SECRET-KEY-1…`) and its recipient (`age1…`). */
export async function generateIdentity(): Promise<{ readonly identity: string; readonly recipient: string }> {
  const identity = await generateX25519Identity()
  return { identity, recipient: await identityToRecipient(identity) }
}

/** An age file (age-encryption.org/v1). Throws UserError 'weak-passphrase', 'bad-recipient'. */
export async function lockSecret(secret: Uint8Array, lock: Lock): Promise<Uint8Array> {
  const encrypter = new Encrypter()
  if ('passphrase' in lock) {
    if (lock.passphrase === '') throw new UserError('weak-passphrase', 'The passphrase is empty.')
    encrypter.setPassphrase(lock.passphrase)
    if (lock.scryptWorkFactor !== undefined) encrypter.setScryptWorkFactor(lock.scryptWorkFactor)
  } else {
    if (lock.recipients.length === 0) throw new UserError('bad-recipient', 'No age recipient is given.')
    for (const recipient of lock.recipients) addRecipient(encrypter, recipient)
  }
  return await encrypter.encrypt(secret)
}

/** Throws UserError 'wrong-passphrase'. */
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

function addRecipient(encrypter: Encrypter, recipient: string): void {
  try {
    encrypter.addRecipient(recipient)
  } catch (cause) {
    throw new UserError('bad-recipient', `${recipient} is not an age recipient.`, { cause })
  }
}
