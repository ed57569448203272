import { UserError } from '../core/errors.ts'
import { throwIfCancelled, type WorkContext } from '../core/progress.ts'
import { readText } from '../files/read-file.ts'
import { KeyStore } from '../owner/key-store.ts'
import { deploymentSigningKey, signBundle } from '../owner/sign-bundle.ts'
import { verifyBundle } from './edge-bundle.ts'
import { unlockOf, type UnlockRequest } from './unlock.ts'

export interface SignRequest {
  readonly bundle: string
  /** Where the detached signature goes. */
  readonly out: string
  readonly force: boolean
  /** The signing key: a PEM file, or that of the bundle's deployment in a key store. */
  readonly signer: { readonly file: string } | KeyStoreSigner
}

interface KeyStoreSigner extends UnlockRequest {
  readonly keys: string
}

/** Signs a bundle beside it, after OpenSSF Model Signing. @throws UserError damaged-bundle, bad-signing-key, … */
export async function sign(
  { bundle, out, force, signer }: SignRequest,
  work: WorkContext,
): Promise<{ signature: string }> {
  throwIfCancelled(work)
  const signingKey = 'file' in signer ? await readText(signer.file) : await keyOfDeployment(bundle, signer, work)
  await signBundle({ bundle, signingKey, out, force })
  return { signature: out }
}

async function keyOfDeployment(bundle: string, signer: KeyStoreSigner, work: WorkContext): Promise<string> {
  const { keys } = signer
  const { deploymentId } = await verifyBundle({ bundle, allowUnsigned: true }, work)
  const known = (await new KeyStore(keys).list()).some(({ id }) => id === deploymentId)
  if (!known)
    throw new UserError('unknown-deployment', `The key store holds no keys of ${bundle}.`, { where: { file: bundle } })
  return await deploymentSigningKey(keys, deploymentId, await unlockOf(signer))
}
