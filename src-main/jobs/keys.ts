import { SIGNER_ENTRY } from '../core/bundle/manifest.ts'
import type { WorkContext } from '../core/progress.ts'
import { throwIfCancelled } from '../core/progress.ts'
import { writeAtomically } from '../files/write-atomically.ts'
import { checkedPassphrase } from '../owner/age.ts'
import { reportBudget, type BudgetReport } from '../owner/budget/budget.ts'
import type { Deployment } from '../owner/deployment.ts'
import { changeLock } from '../owner/change-lock.ts'
import { backUpDeployment, restoreDeployment } from '../owner/key-backup.ts'
import { KeyStore } from '../owner/key-store.ts'

export type { BudgetReport, Deployment }

/** A deployment with what it has given away. */
export type DeploymentReport = Deployment & { readonly budget: BudgetReport }

export interface KeysRequest {
  readonly keys: string
  /** The id, or its first characters, four at least. */
  readonly deployment: string
}

/** Newest first. */
export async function listKeys({ keys }: Pick<KeysRequest, 'keys'>, work: WorkContext): Promise<DeploymentReport[]> {
  throwIfCancelled(work)
  const store = new KeyStore(keys)
  return await Promise.all((await store.list()).map((deployment) => reported(store, deployment)))
}

/** @throws UserError unknown-deployment */
export async function showKeys({ keys, deployment }: KeysRequest, work: WorkContext): Promise<DeploymentReport> {
  throwIfCancelled(work)
  const store = new KeyStore(keys)
  return await reported(store, await store.find(deployment))
}

/** @throws UserError unknown-deployment, output-exists, not-writable, disk-full */
export async function backUpKeys(
  { keys, deployment, out, force }: KeysRequest & { readonly out: string; readonly force: boolean },
  work: WorkContext,
): Promise<DeploymentReport> {
  const found = await showKeys({ keys, deployment }, work)
  await backUpDeployment(new KeyStore(keys), found.id, out, { force })
  return found
}

/**
 * Without an account of the deployment in the store, and without the audit log from which it can be made anew, its budget
 * counts as spent. @throws UserError file-not-found, damaged-backup, deployment-exists, broken-audit-log
 */
export async function restoreKeys(
  { keys, backup, auditLog }: Pick<KeysRequest, 'keys'> & { readonly backup: string; readonly auditLog?: string },
  work: WorkContext,
): Promise<DeploymentReport> {
  throwIfCancelled(work)
  const store = new KeyStore(keys)
  return await reported(store, await restoreDeployment(store, backup, auditLog))
}

/** Nothing else of the deployment changes; backups made before keep the old passphrase. @throws UserError as `changeLock`, weak-passphrase */
export async function changePassphrase(
  { keys, deployment, passphrase, next }: KeysRequest & { readonly passphrase: string; readonly next: string },
  work: WorkContext,
): Promise<DeploymentReport> {
  const found = await showKeys({ keys, deployment }, work)
  await changeLock(new KeyStore(keys), found.id, { passphrase }, { passphrase: checkedPassphrase(next) })
  return found
}

/** Copies the public signing key, by which nodes know the owner's bundles. @throws UserError unknown-deployment, output-exists, not-writable, disk-full */
export async function savePublicKey(
  { keys, deployment, out, force }: KeysRequest & { readonly out: string; readonly force: boolean },
  work: WorkContext,
): Promise<DeploymentReport> {
  const found = await showKeys({ keys, deployment }, work)
  const pem = await new KeyStore(keys).readFile(found.id, SIGNER_ENTRY)
  await writeAtomically(out, { force }, (file) => file.writeFile(pem))
  return found
}

/** From now on the deployment's results are refused; nothing is deleted. @throws UserError unknown-deployment */
export async function revokeKeys({ keys, deployment }: KeysRequest, work: WorkContext): Promise<DeploymentReport> {
  const { id } = await showKeys({ keys, deployment }, work)
  const store = new KeyStore(keys)
  return await reported(store, await store.revoke(id))
}

/** Deletes a deployment's keys: its results can never be opened again. @throws UserError unknown-deployment */
export async function destroyKeys({ keys, deployment }: KeysRequest, work: WorkContext): Promise<DeploymentReport> {
  const found = await showKeys({ keys, deployment }, work)
  await new KeyStore(keys).destroy(found.id)
  return found
}

async function reported(store: KeyStore, deployment: Deployment): Promise<DeploymentReport> {
  return { ...deployment, budget: await reportBudget(store, deployment, await store.ledger.read(deployment.id)) }
}
