import { InternalError, UserError } from '../../core/errors.ts'
import { decodeResultHeader, MAX_RESULT_BYTES } from '../../core/bundle/result.ts'
import { checkListen, json, listen, readBody, type Listening, type ListenOptions } from '../../http/listen.ts'
import { Metrics } from '../../http/metrics.ts'
import { AskedWorker } from '../../workers/ask.ts'
import type { Unlock } from '../age.ts'
import type { DecryptResult } from '../decrypt.ts'
import type { Deployment } from '../deployment.ts'
import { KeyStore } from '../key-store.ts'
import { AuditLog, type AuditEvent } from './audit-log.ts'
import { defaultQuota, RateLimit } from './limits.ts'
import type { OpenSetup } from './open-thread.ts'

export interface GatewayOptions extends ListenOptions {
  readonly keysFolder: string
  readonly unlock: Unlock
  /** The deployments that are served; all that are not revoked unless told. */
  readonly deployments?: readonly string[]
  readonly auditLog: string
  /** Answers per minute, for each deployment and for each token. */
  readonly perMinute: number
  /** Answers per deployment in its lifetime; what the arithmetic in docs/security.md allows unless told. */
  readonly quota?: number
}

export interface GatewayServer extends Listening {
  /** Opens a result as a request would, outside the limits of tokens; for canaries and the desktop. */
  open(file: Uint8Array, token?: string): Promise<DecryptResult>
  readonly auditLog: AuditLog
}

interface Served {
  readonly deployment: Deployment
  readonly quota: number
  worker: AskedWorker<Uint8Array | undefined, DecryptResult | undefined>
  released: number
}

const openTimeoutMs = 20_000
const threadUrl = new URL(import.meta.url.replace(/[^/]*(\.\w+)$/, 'open-thread$1'))

/** One answer for everything that is refused: a liar learns nothing from the reason, which the audit log keeps. */
const refusal = (): UserError => new UserError('refused', 'The result was refused.')

/**
 * The owner's gateway: POST /v1/decrypt with a result file answers what the deployment's policy reveals.
 * @throws UserError wrong-passphrase, unknown-deployment, broken-audit-log, insecure-listen, cannot-listen
 */
export async function startGateway(options: GatewayOptions): Promise<GatewayServer> {
  checkListen(options)
  const released = new Map<string, number>()
  const auditLog = await AuditLog.open(options.auditLog, ({ event, deployment = '' }) => {
    if (event === 'released') released.set(deployment, (released.get(deployment) ?? 0) + 1)
  })
  const served = await loadDeployments(options, released).catch(async (error) => {
    await auditLog.close()
    throw error
  })
  const metrics = new Metrics('sealwright_gateway')
  const limits = { deployment: new RateLimit(options.perMinute), token: new RateLimit(options.perMinute) }
  const store = new KeyStore(options.keysFolder)
  const record = async (event: AuditEvent): Promise<void> => {
    metrics.count('results', 'Results by outcome.', { outcome: event.event })
    await auditLog.append(event)
  }

  async function open(file: Uint8Array, token = ''): Promise<DecryptResult> {
    const deployment = deploymentOf(file)
    const refuse = async (reason: string, error = refusal()): Promise<never> => {
      await record({ event: 'refused', deployment, token, reason })
      throw error
    }
    const known = served.get(deployment ?? '')
    if (!known || deployment === undefined) return await refuse('unknown-deployment')
    if ((await store.read(deployment).catch(() => undefined))?.revoked !== undefined) return await refuse('revoked')
    if (known.released >= known.quota) return await refuse('quota')
    if (!limits.deployment.take(deployment) || !limits.token.take(token)) {
      return await refuse('rate', new UserError('too-many-requests', 'Too many requests; try again later.'))
    }
    // Counted before the answer, so that answers in flight count too.
    known.released += 1
    try {
      const revealed = await ask(known, file)
      await record({ event: 'released', deployment, token })
      return revealed
    } catch (error) {
      known.released -= 1
      return await refuse(error instanceof UserError ? error.code : 'failed')
    }
  }

  async function ask(known: Served, file: Uint8Array): Promise<DecryptResult> {
    if (known.worker.hasEnded) known.worker = startWorker(options, known.deployment.id)
    return (await known.worker.ask(file, { timeoutMs: openTimeoutMs }))!
  }

  await auditLog.append({ event: 'started' })
  const listening = await listen(options, async (request, token) => {
    const route = `${request.method} ${request.url}`
    if (route === 'GET /health') return json(200, { status: 'ok' })
    if (route === 'GET /metrics') return { status: 200, type: 'text/plain; version=0.0.4', body: metrics.text() }
    if (request.url !== '/v1/decrypt') throw new UserError('not-found', 'There is no such path.')
    if (request.method !== 'POST') throw new UserError('method-not-allowed', 'Use POST.')
    return json(200, await open(await readBody(request, Math.min(MAX_RESULT_BYTES, 2 ** 26)), token))
  })
  return {
    url: listening.url,
    auditLog,
    open,
    async close() {
      await listening.close()
      await Promise.all([...served.values()].map(({ worker }) => worker.end()))
      await auditLog.append({ event: 'stopped' })
      await auditLog.close()
    },
  }
}

/** Starts a thread for each deployment; all keys are loaded when it resolves, or none stays. */
async function loadDeployments(
  options: GatewayOptions,
  released: ReadonlyMap<string, number>,
): Promise<Map<string, Served>> {
  const store = new KeyStore(options.keysFolder)
  const all = await store.list()
  const wanted = options.deployments
    ? await Promise.all(options.deployments.map((prefix) => store.find(prefix)))
    : all.filter(({ revoked }) => revoked === undefined)
  if (wanted.length === 0) throw new UserError('unknown-deployment', 'The key store holds no deployment to serve.')
  const served = new Map(
    wanted.map((deployment): [string, Served] => {
      const answers = options.quota ?? defaultQuota(deployment.weights, deployment.outputs)
      // A result answers a whole batch.
      const quota = Math.max(1, Math.floor(answers / deployment.batch))
      const worker = startWorker(options, deployment.id)
      return [deployment.id, { deployment, quota, worker, released: released.get(deployment.id) ?? 0 }]
    }),
  )
  try {
    await Promise.all([...served.values()].map(({ worker }) => worker.ask(undefined)))
  } catch (error) {
    await Promise.all([...served.values()].map(({ worker }) => worker.end()))
    throw error
  }
  return served
}

const startWorker = ({ keysFolder, unlock }: GatewayOptions, deployment: string): Served['worker'] => {
  const workerData: OpenSetup = { keysFolder, deployment, unlock }
  return new AskedWorker(threadUrl, { workerData })
}

/** Undefined where the file is no result at all. */
function deploymentOf(file: Uint8Array): string | undefined {
  try {
    return decodeResultHeader(file).deploymentId
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw new InternalError('A result could not be read.', { cause: error })
  }
}
