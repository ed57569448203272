import { SIGNER_ENTRY } from '../../core/bundle/manifest.ts'
import { fingerprintOf, readPublicKey } from '../../files/signature.ts'
import type { Deployment } from '../deployment.ts'
import type { KeyStore } from '../key-store.ts'
import { readSigner } from '../sign.ts'
import { UnlockedKeyStore } from '../unlocked-key-store.ts'
import { AuditLog } from './audit-log.ts'
import type { DeskOptions } from './desk-options.ts'
import { present } from '../../core/must.ts'

/**
 * Continues a log with the signing key of the first deployment that is served. Where the log knows of more bits than the
 * deployment's account, the account takes them over: neither a new log nor a restored account begins again.
 * @throws UserError wrong-passphrase, in-use, not-an-audit-log, broken-audit-log, not-writable
 */
export async function openAuditLog(
  store: KeyStore,
  { keysFolder, unlock, auditLog }: DeskOptions,
  chosen: readonly Deployment[],
): Promise<AuditLog> {
  const { id } = present(chosen[0])
  const signer = await readSigner(new UnlockedKeyStore(keysFolder, unlock), id)
  const known = await knownSigners(store)
  const bits = new Map<string, number>()
  const log = await AuditLog.open(
    auditLog,
    signer,
    (fingerprint) => known.has(fingerprint),
    (record) => {
      const { deployment = '' } = record
      bits.set(deployment, (bits.get(deployment) ?? 0) + (record.bits ?? 0))
    },
  )
  try {
    const fingerprint = fingerprintOf(signer.publicKey)
    for (const deployment of chosen) {
      const logged = bits.get(deployment.id) ?? 0
      await store.ledger.update(deployment.id, (account) => ({
        ...account,
        spentBits: Math.max(account.spentBits, logged),
        signers:
          deployment.id === id && !account.signers.includes(fingerprint)
            ? [...account.signers, fingerprint]
            : account.signers,
      }))
    }
    return log
  } catch (error) {
    await log.close()
    throw error
  }
}

/** Fingerprints of the keys that may have signed a store's logs, those of destroyed deployments included. */
export async function knownSigners(store: KeyStore): Promise<Set<string>> {
  const known = new Set(await store.ledger.signers())
  for (const { id } of await store.list()) {
    known.add(fingerprintOf(readPublicKey(await store.readFile(id, SIGNER_ENTRY))))
  }
  return known
}
