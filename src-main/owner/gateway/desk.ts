import { InternalError, invariant, UserError } from '../../core/errors.ts'
import { decodeResultHeader } from '../../core/bundle/result.ts'
import { Metrics } from '../../http/metrics.ts'
import { currentRequestId } from '../../http/request-id.ts'
import { REFUSAL_BITS } from '../budget/bits.ts'
import { isTelling, reportBudget, type BudgetReport } from '../budget/budget.ts'
import type { Price } from '../budget/ledger.ts'
import type { DecryptResult } from '../decrypt.ts'
import type { Deployment } from '../deployment.ts'
import { KeyStore } from '../key-store.ts'
import type { AuditLog } from './audit-log.ts'
import { auditJob, type AuditDesk } from './audit-job.ts'
import type { AuditEvent } from './audit-record.ts'
import type { Bringer } from './bringer.ts'
import type { DeskOptions } from './desk-options.ts'
import { RateLimit } from './limits.ts'
import { openAuditLog } from './open-audit-log.ts'
import type { OpenAnswer } from './open-thread.ts'
import { RefreshedInputs } from './refreshed-inputs.ts'
import { Refusals } from './refusals.ts'
import { Refused } from './refused.ts'
import { chooseDeployments, startServing, type Served } from './served.ts'

export type { Bringer, DeskOptions }

/** Where the owner's keys meet what nodes send, whichever way it comes: limits, budget, audits and log are the same for all. */
export interface Desk {
  readonly deployments: readonly Deployment[]
  readonly auditLog: AuditLog
  readonly metrics: Metrics
  /** What the deployment's policy reveals of a last segment's result file. @throws UserError refused, too-many-requests */
  open(file: Uint8Array, bringer?: Bringer): Promise<DecryptResult>
  /** The same for the owner's eyes alone, so that it costs nothing. Throws what `open` does. */
  look(file: Uint8Array): Promise<DecryptResult>
  /** The next segment's input, for the result file of a segment before a refresh. Throws what `open` does. */
  refresh(file: Uint8Array, bringer?: Bringer): Promise<Uint8Array>
  /** A signature with the deployment's key over bytes that say what they are for; only for a deployment with audits. */
  sign(deployment: string, bytes: Uint8Array): { readonly signer: string; readonly signature: string }
  /** What each deployment has given away. */
  budgets(): Promise<(BudgetReport & { readonly deployment: string })[]>
  close(): Promise<void>
}

/** One answer for everything that is refused: a liar learns nothing from the reason, which the audit log keeps. */
const refusal = (): UserError => new UserError('refused', 'The result was refused.')

const flushEveryMs = 600_000

type Kind = 'open' | 'look' | 'refresh'

const events = { open: 'released', look: undefined, refresh: 'refreshed' } as const

/** @throws UserError wrong-passphrase, unknown-deployment, auditor-needed, in-use, not-an-audit-log, broken-audit-log */
export async function openDesk(options: DeskOptions): Promise<Desk> {
  const store = new KeyStore(options.keysFolder)
  const { ledger } = store
  const chosen = await chooseDeployments(store, options.deployments, options.audits !== undefined)
  const auditLog = await openAuditLog(store, options, chosen)
  const served = await startServing(store, options, chosen).catch(async (error: unknown) => {
    await auditLog.close()
    throw error
  })
  const metrics = new Metrics('sealwright_gateway')
  const limit = () => new RateLimit(options.perMinute)
  const limits = {
    open: { deployment: limit(), token: limit() },
    look: { deployment: limit(), token: limit() },
    refresh: { deployment: limit(), token: limit() },
  }
  const refreshed = new RefreshedInputs()
  const record = (event: AuditEvent): Promise<void> => auditLog.append({ ...event, request: currentRequestId() })
  const audits: AuditDesk = {
    ...{ ledger, metrics, options, record, spent },
    refreshed: (job, segment) => refreshed.get(job, segment),
  }
  const refusals = new Refusals((event) => auditLog.append(event), flushEveryMs)
  const flushing = setInterval(() => void refusals.flush().catch(() => {}), flushEveryMs)
  flushing.unref()

  async function answer(kind: Kind, file: Uint8Array, bringer: Bringer): Promise<OpenAnswer> {
    const { token = '' } = bringer
    const header = headerOf(file)
    const known = served.get(header?.deploymentId ?? '')
    const deployment = known?.deployment.id
    try {
      if (!header || !known) throw new Refused('unknown-deployment')
      if ((await store.read(known.deployment.id).catch(() => undefined))?.revoked !== undefined) {
        throw new Refused('revoked')
      }
      takeTurn(kind, known.deployment.id, token, header.segment)
      if (kind !== 'look' && known.deployment.audit) await auditJob(audits, known, header, bringer)
      const answered = await paidFor(kind, known, file)
      const event = events[kind]
      if (event) {
        metrics.count('results', 'Results by outcome.', { outcome: event })
        const bits = kind === 'open' ? priceOf(known).bits : 0
        await record({ event, deployment, token, ...(bits > 0 && { bits }) })
      }
      if (kind === 'refresh') remember(answered as Uint8Array)
      return answered
    } catch (error) {
      metrics.count('results', 'Results by outcome.', { outcome: 'refused' })
      const { reason, bits } = error instanceof Refused ? error : new Refused(codeOf(error))
      const event = { event: 'refused', deployment, token, reason, request: currentRequestId() } as const
      // Nothing is given away where the log cannot be written, and whoever asks is told no more than otherwise.
      await (bits > 0 ? auditLog.append({ ...event, bits }) : refusals.note(event)).catch(() =>
        metrics.count('unlogged', 'Refusals that could not be written to the audit log.'),
      )
      throw reason === 'too-many-requests' ? error : refusal()
    }
  }

  function takeTurn(kind: Kind, deployment: string, token: string, segment: number): void {
    const name = (of: string): string => (kind === 'refresh' ? `${of} ${segment}` : of)
    if (limits[kind].deployment.take(name(deployment)) && limits[kind].token.take(name(token))) return
    throw new UserError('too-many-requests', 'Too many requests; try again later.')
  }

  /** With audits an honest answer costs nothing: what a liar gets is paid for when it is caught. */
  function priceOf({ deployment, price }: Served): Price {
    return deployment.audit ? { ...price, bits: 0 } : price
  }

  /** Counts an answer before it is made, so that those in flight count too. */
  async function paidFor(kind: Kind, known: Served, file: Uint8Array): Promise<OpenAnswer> {
    const { deployment, allowance, keys } = known
    const price = kind === 'open' ? priceOf(known) : { bits: 0 }
    const isWithin =
      kind === 'open'
        ? await ledger.spend(deployment.id, price, allowance)
        : kind === 'look' || (await ledger.read(deployment.id)).spentBits + REFUSAL_BITS <= allowance.bits
    if (!isWithin) throw spent(known)
    try {
      return await keys.ask({ kind: kind === 'refresh' ? 'refresh' : 'open', file })
    } catch (error) {
      const reason = codeOf(error)
      const told = kind === 'look' || deployment.audit || !isTelling(reason) ? 0 : REFUSAL_BITS
      await ledger.giveBack(deployment.id, { ...price, bits: price.bits - told })
      throw new Refused(reason, told)
    }
  }

  function spent(known: Served): Refused {
    if (!known.isSpent) options.onSpent?.(known.deployment)
    known.isSpent = true
    return new Refused('quota')
  }

  function remember(file: Uint8Array): void {
    const { job, segment, ciphertexts } = decodeResultHeader(file, 'refreshed')
    const hashes = ciphertexts.map(({ sha256 }) => sha256)
    if (job !== undefined) refreshed.add(job, segment, hashes)
  }

  return {
    deployments: [...served.values()].map(({ deployment }) => deployment),
    auditLog,
    metrics,
    open: async (file, bringer = {}) => (await answer('open', file, bringer)) as DecryptResult,
    look: async (file) => (await answer('look', file, { token: 'canary' })) as DecryptResult,
    refresh: async (file, bringer = {}) => (await answer('refresh', file, bringer)) as Uint8Array,
    sign(id, bytes) {
      const signer = served.get(id)?.signer
      invariant(signer, 'the signing key of a deployment with audits is loaded')
      return { signer: signer.publicDer, signature: signer.signBytes(bytes) }
    },
    budgets: () =>
      Promise.all(
        [...served.values()].map(async ({ deployment, allowance }) => ({
          deployment: deployment.id,
          ...(await reportBudget(store, deployment, await ledger.read(deployment.id), allowance.bits)),
        })),
      ),
    async close() {
      clearInterval(flushing)
      await Promise.all([...served.values()].map(({ keys }) => keys.end()))
      await refusals.flush()
      await auditLog.append({ event: 'stopped' })
      await auditLog.close()
    },
  }
}

const codeOf = (error: unknown): string => (error instanceof UserError ? error.code : 'failed')

/** Undefined where the file is no result at all. */
function headerOf(file: Uint8Array) {
  try {
    return decodeResultHeader(file)
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw new InternalError('A result could not be read.', { cause: error })
  }
}
