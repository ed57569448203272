import { UserError } from '../core/errors.ts'
import { writeAtomically } from '../files/write-atomically.ts'
import { lockSecret, unlockSecret, type Lock, type Unlock } from './age.ts'
import { IDENTITY_NAME, type KeyStore } from './key-store.ts'

/**
 * Locks a deployment's identity, and with it all its secrets, with another passphrase or for other recipients. The old
 * lock opens backups made before, and nothing else.
 * @throws UserError unknown-deployment, wrong-passphrase, weak-passphrase, bad-recipient, no-identity, not-writable, disk-full
 */
export async function changeLock(store: KeyStore, id: string, unlock: Unlock, lock: Lock): Promise<void> {
  await store.read(id)
  const name = `${IDENTITY_NAME}.age`
  if (!(await store.has(id, name))) {
    throw new UserError('no-identity', 'The deployment was exported by a version that locked each secret separately.', {
      hint: 'Export the network again: the new deployment can change its passphrase.',
    })
  }
  const identity = await unlockSecret(await store.readFile(id, name), unlock)
  try {
    const locked = await lockSecret(identity, lock)
    await writeAtomically(store.path(id, name), { force: true, mode: 0o600 }, (file) => file.writeFile(locked))
  } finally {
    identity.fill(0)
  }
}
