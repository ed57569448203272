import { Bundle } from '../files/open-bundle.ts'
import { writeAtomically } from '../files/write-atomically.ts'
import type { Unlock } from './age.ts'
import { Signer } from './sign.ts'
import { UnlockedKeyStore } from './unlocked-key-store.ts'

export interface SignRequest {
  readonly bundle: string
  /** PEM of an EC private key on P-256 or P-384. */
  readonly signingKey: string
  /** Where the detached signature goes. */
  readonly out: string
  readonly force?: boolean
}

/**
 * Signs a bundle anew, beside it: the bundle stays as it is.
 * @throws UserError damaged-bundle, bad-signing-key, output-exists, …
 */
export async function signBundle({ bundle, signingKey, out, force }: SignRequest): Promise<void> {
  const signature = Signer.load(signingKey).sign(await Bundle.digests(bundle))
  await writeAtomically(out, { force }, (file) => file.writeFile(signature))
}

/** PEM of a deployment's own signing key. @throws UserError unknown-deployment, wrong-passphrase */
export async function deploymentSigningKey(keysFolder: string, id: string, unlock: Unlock): Promise<string> {
  return new TextDecoder().decode(await new UnlockedKeyStore(keysFolder, unlock).readSecret(id, 'signing-key'))
}
