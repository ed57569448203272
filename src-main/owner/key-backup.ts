import { open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../core/errors.ts'
import { present } from '../core/must.ts'
import { fileProblem } from '../files/read-file.ts'
import { checkFrame, readDirectory, readWhole } from '../files/bundle-zip.ts'
import { writeBundleZip } from '../files/write-bundle-zip.ts'
import { writeAtomically, type WriteOptions } from '../files/write-atomically.ts'
import { allowedBits } from './budget/budget.ts'
import { decodeAccount, encodeAccount } from './budget/ledger.ts'
import { decodeDeployment, type Deployment } from './deployment.ts'
import { verifyAuditLog } from './gateway/audit-log.ts'
import { knownSigners } from './gateway/open-audit-log.ts'
import { RECORD_NAME, type KeyStore } from './key-store.ts'

/** What a deployment's folder may hold. */
const fileName =
  /^(deployment\.json|account\.json|plan-\d{1,2}(-update-\d{1,7})?\.json|signer\.pem|(secret-\d{1,2}|step-\d{1,2}(-update-\d{1,7})?|signing-key|identity)\.age)$/
/** What the deployment had given away when the backup was made. */
const ACCOUNT_NAME = 'account.json'
const maxFileBytes = 2 ** 28

/**
 * Writes one deployment to a ZIP file. Its secrets stay the age files that they are.
 * @throws UserError unknown-deployment, output-exists, not-writable, disk-full
 */
export async function backUpDeployment(store: KeyStore, id: string, out: string, options: WriteOptions): Promise<void> {
  await store.read(id)
  const folder = join(store.folder, id)
  const names = (await readdir(folder)).filter((name) => fileName.test(name)).sort()
  await writeAtomically(out, { ...options, mode: 0o600 }, async (file) => {
    const sources = names.map((name) => ({
      name,
      async *content() {
        yield await readFile(join(folder, name))
      },
    }))
    const account = encodeAccount(await store.ledger.read(id))
    const accountSource = {
      name: ACCOUNT_NAME,
      async *content() {
        yield new TextEncoder().encode(account)
      },
    }
    await writeBundleZip(file, [...sources, accountSource], () => false)
  })
}

/**
 * Brings a deployment back from a backup; one that the store holds already is left alone. What it has given away since
 * the backup is known where the store still has its account, or from its audit log; else its budget counts as spent.
 * @throws UserError file-not-found, damaged-backup, deployment-exists, broken-audit-log
 */
export async function restoreDeployment(store: KeyStore, backup: string, auditLog?: string): Promise<Deployment> {
  const files = await readBackup(backup)
  const record = files.get(RECORD_NAME)
  if (!record) throw damagedBackup(backup)
  const deployment = decodeDeployment(new TextDecoder().decode(record), backup)
  if ((await store.list()).some(({ id }) => id === deployment.id)) {
    throw new UserError('deployment-exists', `The key store holds the deployment ${deployment.id} already.`)
  }
  const draft = await store.draft(deployment.id)
  try {
    for (const [name, content] of files) {
      if (name !== RECORD_NAME && name !== ACCOUNT_NAME) await draft.write(name, content)
    }
    await draft.commit(deployment)
    await restoreAccount(store, deployment, files.get(ACCOUNT_NAME), { backup, auditLog })
  } catch (error) {
    await draft.discard()
    throw error
  }
  return deployment
}

async function restoreAccount(
  store: KeyStore,
  deployment: Deployment,
  kept: Uint8Array | undefined,
  { backup, auditLog }: { readonly backup: string; readonly auditLog: string | undefined },
): Promise<void> {
  const { id } = deployment
  const before = kept && decodeAccount(new TextDecoder().decode(kept), backup)
  const isKnown = await store.ledger.has(id)
  const since = auditLog === undefined ? (isKnown ? 0 : await allowedBits(store, deployment)) : await loggedBits()
  await store.ledger.update(id, (account) => {
    const base = isKnown ? account : (before ?? account)
    return { ...base, spentBits: Math.max(account.spentBits, before?.spentBits ?? 0, since) }
  })

  async function loggedBits(): Promise<number> {
    const known = await knownSigners(store)
    let bits = 0
    await verifyAuditLog(present(auditLog), {
      isTrusted: (fingerprint) => known.has(fingerprint) || before?.signers.includes(fingerprint) === true,
      each: (record) => (bits += record.deployment === id ? (record.bits ?? 0) : 0),
    })
    return bits
  }
}

async function readBackup(path: string): Promise<Map<string, Uint8Array>> {
  const file = await open(path).catch((error: unknown) => {
    throw fileProblem(error, path)
  })
  try {
    const { size } = await file.stat()
    const extents = await readDirectory(file.fd)
    const files = new Map<string, Uint8Array>()
    await checkFrame(file.fd, size, extents, () => false)
    for (const [name, extent] of extents) {
      if (!fileName.test(name) || extent.bytes > maxFileBytes) throw damagedBackup(path)
      files.set(name, await readWhole(extent))
    }
    return files
  } catch (cause) {
    throw damagedBackup(path, cause)
  } finally {
    await file.close()
  }
}

const damagedBackup = (file: string, cause?: unknown): UserError =>
  new UserError('damaged-backup', `${file} is not a backup of a deployment, or it is damaged.`, {
    where: { file },
    cause,
  })
