import { UserError } from '../../core/errors.ts'
import { allowanceOf, allowedBits, priceOf } from '../budget/budget.ts'
import type { Allowance, Price } from '../budget/ledger.ts'
import { sha256 } from '../../files/sha256.ts'
import { planName, type Deployment } from '../deployment.ts'
import type { KeyStore } from '../key-store.ts'
import type { DeskOptions } from './desk-options.ts'
import { readSigner, type Signer } from '../sign.ts'
import { UnlockedKeyStore } from '../unlocked-key-store.ts'
import { KeyHolder } from './key-holder.ts'

/** A deployment whose results are answered. */
export interface Served {
  readonly deployment: Deployment
  readonly keys: KeyHolder
  /** Of one result. */
  readonly price: Price
  readonly allowance: Allowance
  /** SHA-256 of each segment's plan. */
  readonly plans: readonly string[]
  /** Of a deployment with audits: with its key the owner signs what it asks of nodes. */
  readonly signer?: Signer
  /** Whether the owner has been told so. */
  isSpent: boolean
}

/** @throws UserError unknown-deployment, auditor-needed */
export async function chooseDeployments(
  store: KeyStore,
  prefixes: readonly string[] | undefined,
  hasAuditor: boolean,
): Promise<Deployment[]> {
  const chosen = prefixes
    ? await Promise.all(prefixes.map((prefix) => store.find(prefix)))
    : (await store.list()).filter(({ revoked }) => revoked === undefined)
  const audited = chosen.find(({ audit }) => audit)
  if (audited && !hasAuditor) throw auditorNeeded(audited)
  if (chosen.length === 0) throw new UserError('unknown-deployment', 'The key store holds no deployment to serve.')
  return chosen
}

/** Starts a thread for each deployment; all keys are loaded when it resolves, or none stays. @throws UserError wrong-passphrase */
export async function startServing(
  store: KeyStore,
  options: DeskOptions,
  chosen: readonly Deployment[],
): Promise<Map<string, Served>> {
  const started = await Promise.allSettled(
    chosen.map(async (deployment): Promise<Served> => {
      const price = priceOf(deployment.reveal, deployment)
      const bits =
        options.quota === undefined
          ? await allowedBits(store, deployment)
          : (options.quota * price.bits) / deployment.batch
      const setup = { keysFolder: options.keysFolder, deployment: deployment.id, unlock: options.unlock }
      const keys = await KeyHolder.start(setup, options.loadsRefreshes === true)
      const plans = await plansOf(store, deployment)
      const own = new UnlockedKeyStore(options.keysFolder, options.unlock)
      const signer = deployment.audit && (await readSigner(own, deployment.id))
      const allowance = allowanceOf(bits, deployment)
      return { deployment, keys, price, allowance, plans, ...(signer && { signer }), isSpent: false }
    }),
  )
  const served = started.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []))
  const failed = started.find((start) => start.status === 'rejected')
  if (failed) {
    await Promise.all(served.map(({ keys }) => keys.end()))
    throw failed.reason
  }
  return new Map(served.map((each) => [each.deployment.id, each]))
}

const plansOf = (store: KeyStore, { id, segments, update }: Deployment): Promise<string[]> =>
  Promise.all(Array.from({ length: segments }, async (_, i) => sha256(await store.readFile(id, planName(i, update)))))

const auditorNeeded = ({ id }: Deployment): UserError =>
  new UserError('auditor-needed', `The deployment ${id} was exported with audits, and there is no auditor.`, {
    hint: 'Start `sealwright audit serve` on its bundle, and give its address with --auditor; or name another edge with --second-edge.',
  })
