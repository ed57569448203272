import { InternalError, UserError } from '../../core/errors.ts'
import { decodeResultHeader } from '../../core/bundle/result.ts'
import { Metrics } from '../../http/metrics.ts'
import type { Unlock } from '../age.ts'
import type { DecryptResult } from '../decrypt.ts'
import type { Deployment } from '../deployment.ts'
import { KeyStore } from '../key-store.ts'
import { AuditLog, type AuditEvent, type AuditRecord } from './audit-log.ts'
import { KeyHolder } from './key-holder.ts'
import { defaultQuota, RateLimit } from './limits.ts'
import type { OpenAnswer } from './open-thread.ts'

export interface DeskOptions {
  readonly keysFolder: string
  readonly unlock: Unlock
  /** The deployments that are served; all that are not revoked unless told. */
  readonly deployments?: readonly string[]
  readonly auditLog: string
  /** Answers per minute, for each deployment and for each token; refreshes count apart, each segment for itself. */
  readonly perMinute: number
  /** Answers per deployment in its lifetime; what the arithmetic in docs/security.md allows unless told. */
  readonly quota?: number
  /** Loads the keys for refreshes too, each of which takes seconds; else they are loaded when they are needed. */
  readonly loadsRefreshes?: boolean
}

/** Where the owner's keys meet what nodes send, whichever way it comes: limits, quota and audit are the same for all. */
export interface Desk {
  readonly deployments: readonly Deployment[]
  readonly auditLog: AuditLog
  readonly metrics: Metrics
  /** What the deployment's policy reveals of a last segment's result file. Throws UserError 'refused', 'too-many-requests'. */
  open(file: Uint8Array, token?: string): Promise<DecryptResult>
  /** The next segment's input, for the result file of a segment before a refresh. Throws what `open` does. */
  refresh(file: Uint8Array, token?: string): Promise<Uint8Array>
  close(): Promise<void>
}

interface Served {
  readonly deployment: Deployment
  readonly quota: number
  readonly keys: KeyHolder
  released: number
}

/** One answer for everything that is refused: a liar learns nothing from the reason, which the audit log keeps. */
const refusal = (): UserError => new UserError('refused', 'The result was refused.')

/** Refusals that depend on what was decrypted tell of it, so they are paid for like answers. */
const tellingReasons = ['implausible-result', 'input-out-of-range']

const counts = ({ event, reason = '' }: Pick<AuditRecord, 'event' | 'reason'>): boolean =>
  event === 'released' || (event === 'refused' && tellingReasons.includes(reason))

/** Throws UserError 'wrong-passphrase', 'unknown-deployment', 'broken-audit-log'. */
export async function openDesk(options: DeskOptions): Promise<Desk> {
  const released = new Map<string, number>()
  const auditLog = await AuditLog.open(options.auditLog, (record) => {
    const { deployment = '' } = record
    if (counts(record)) released.set(deployment, (released.get(deployment) ?? 0) + 1)
  })
  const served = await loadDeployments(options, released).catch(async (error) => {
    await auditLog.close()
    throw error
  })
  const metrics = new Metrics('sealwright_gateway')
  const limit = () => new RateLimit(options.perMinute)
  const limits = { open: { deployment: limit(), token: limit() }, refresh: { deployment: limit(), token: limit() } }
  const store = new KeyStore(options.keysFolder)
  const record = async (event: AuditEvent): Promise<void> => {
    metrics.count('results', 'Results by outcome.', { outcome: event.event })
    await auditLog.append(event)
  }

  async function answer(kind: 'open' | 'refresh', file: Uint8Array, token: string): Promise<OpenAnswer> {
    const { deploymentId: deployment, segment = 0 } = headerOf(file) ?? {}
    const refuse = async (reason: string, error = refusal()): Promise<never> => {
      await record({ event: 'refused', deployment, token, reason })
      throw error
    }
    const known = served.get(deployment ?? '')
    if (!known || deployment === undefined) return await refuse('unknown-deployment')
    if ((await store.read(deployment).catch(() => undefined))?.revoked !== undefined) return await refuse('revoked')
    if (known.released >= known.quota) return await refuse('quota')
    const name = (of: string): string => (kind === 'open' ? of : `${of} ${segment}`)
    if (!limits[kind].deployment.take(name(deployment)) || !limits[kind].token.take(name(token))) {
      return await refuse('rate', new UserError('too-many-requests', 'Too many requests; try again later.'))
    }
    // Counted before the answer, so that answers in flight count too.
    known.released += 1
    const event = kind === 'open' ? 'released' : 'refreshed'
    try {
      const answered = await known.keys.ask({ kind, file })
      await record({ event, deployment, token })
      if (!counts({ event })) known.released -= 1
      return answered
    } catch (error) {
      const reason = error instanceof UserError ? error.code : 'failed'
      if (!counts({ event: 'refused', reason })) known.released -= 1
      return await refuse(reason)
    }
  }

  await auditLog.append({ event: 'started' })
  return {
    deployments: [...served.values()].map(({ deployment }) => deployment),
    auditLog,
    metrics,
    open: async (file, token = '') => (await answer('open', file, token)) as DecryptResult,
    refresh: async (file, token = '') => (await answer('refresh', file, token)) as Uint8Array,
    async close() {
      await Promise.all([...served.values()].map(({ keys }) => keys.end()))
      await auditLog.append({ event: 'stopped' })
      await auditLog.close()
    },
  }
}

/** Starts a thread for each deployment; all keys are loaded when it resolves, or none stays. */
async function loadDeployments(
  options: DeskOptions,
  released: ReadonlyMap<string, number>,
): Promise<Map<string, Served>> {
  const store = new KeyStore(options.keysFolder)
  const all = await store.list()
  const wanted = options.deployments
    ? await Promise.all(options.deployments.map((prefix) => store.find(prefix)))
    : all.filter(({ revoked }) => revoked === undefined)
  if (wanted.length === 0) throw new UserError('unknown-deployment', 'The key store holds no deployment to serve.')
  const started = await Promise.allSettled(
    wanted.map(async (deployment): Promise<Served> => {
      const answers = Math.min(
        options.quota ?? defaultQuota(deployment.weights, deployment.outputs),
        scoresOf(deployment),
      )
      // A result answers a whole batch.
      const quota = Math.max(1, Math.floor(answers / deployment.batch))
      const setup = { keysFolder: options.keysFolder, deployment: deployment.id, unlock: options.unlock }
      const keys = await KeyHolder.start(setup, options.loadsRefreshes === true)
      return { deployment, quota, keys, released: released.get(deployment.id) ?? 0 }
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

/** The noise of scores is sized for so many. */
const scoresOf = ({ reveal, flooding }: Deployment): number => (reveal.mode === 'scores' ? flooding.releases : Infinity)

/** Undefined where the file is no result at all. */
function headerOf(file: Uint8Array) {
  try {
    return decodeResultHeader(file)
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw new InternalError('A result could not be read.', { cause: error })
  }
}
