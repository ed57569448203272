import type { WorkContext } from '../core/progress.ts'
import { throwIfCancelled } from '../core/progress.ts'
import type { Deployment } from '../owner/deployment.ts'
import { backUpDeployment, restoreDeployment } from '../owner/key-backup.ts'
import { KeyStore } from '../owner/key-store.ts'

export type { Deployment }

export interface KeysRequest {
  readonly keys: string
  /** The id, or its first characters, four at least. */
  readonly deployment: string
}

/** Newest first. */
export async function listKeys({ keys }: Pick<KeysRequest, 'keys'>, work: WorkContext): Promise<Deployment[]> {
  throwIfCancelled(work)
  return await new KeyStore(keys).list()
}

/** @throws UserError unknown-deployment */
export async function showKeys({ keys, deployment }: KeysRequest, work: WorkContext): Promise<Deployment> {
  throwIfCancelled(work)
  return await new KeyStore(keys).find(deployment)
}

/** @throws UserError unknown-deployment, output-exists, not-writable, disk-full */
export async function backUpKeys(
  { keys, deployment, out, force }: KeysRequest & { readonly out: string; readonly force: boolean },
  work: WorkContext,
): Promise<Deployment> {
  const found = await showKeys({ keys, deployment }, work)
  await backUpDeployment(new KeyStore(keys), found.id, out, { force })
  return found
}

/** @throws UserError file-not-found, damaged-backup, deployment-exists */
export async function restoreKeys(
  { keys, backup }: Pick<KeysRequest, 'keys'> & { readonly backup: string },
  work: WorkContext,
): Promise<Deployment> {
  throwIfCancelled(work)
  return await restoreDeployment(new KeyStore(keys), backup)
}

/** From now on the deployment's results are refused; nothing is deleted. @throws UserError unknown-deployment */
export async function revokeKeys({ keys, deployment }: KeysRequest, work: WorkContext): Promise<Deployment> {
  const { id } = await showKeys({ keys, deployment }, work)
  return await new KeyStore(keys).revoke(id)
}

/** Deletes a deployment's keys: its results can never be opened again. @throws UserError unknown-deployment */
export async function destroyKeys({ keys, deployment }: KeysRequest, work: WorkContext): Promise<Deployment> {
  const found = await showKeys({ keys, deployment }, work)
  await new KeyStore(keys).destroy(found.id)
  return found
}
