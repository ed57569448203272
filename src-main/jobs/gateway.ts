import { throwIfCancelled, type WorkContext } from '../core/progress.ts'
import { readBytes, readTokens } from '../files/read-file.ts'
import { SAMPLE_TYPES, type SampleType } from '../data/read-samples.ts'
import { UserError } from '../core/errors.ts'
import { serverUrl } from '../http/addresses.ts'
import { verifyAuditLog, type AuditRecord, type AuditReport } from '../owner/gateway/audit-log.ts'
import { scheduleCanaries, type Canary } from '../owner/gateway/canary.ts'
import { answerQueues } from '../owner/gateway/queues.ts'
import { startGateway } from '../owner/gateway/gateway.ts'
import { KeyStore } from '../owner/key-store.ts'
import { listenOptions, type ListenRequest } from './listen.ts'
import { natsOptions, type NatsRequest } from './nats.ts'
import { unlockOf, type UnlockRequest } from './unlock.ts'

export interface GatewayRequest extends ListenRequest, UnlockRequest, Partial<NatsRequest> {
  readonly keys: string
  /** Ids or their first characters; all that are not revoked where it is left open. */
  readonly deployments?: readonly string[]
  readonly auditLog: string
  /** Answers per minute, for each deployment and for each token. */
  readonly perMinute: number
  /** Answers per deployment in its lifetime; what docs/security.md works out where it is left open. */
  readonly quota?: number
  readonly canaries?: CanaryRequest
  /** With NATS: tasks that a queue holds. */
  readonly queue: number
  /** With a cluster of NATS servers: how many of them keep the queues; 1 where it is left open. */
  readonly natsReplicas?: number
}

/** Inputs whose labels are known, sent to an edge at random times. */
export interface CanaryRequest {
  readonly edge: string
  readonly edgeTokenFile?: string
  readonly deployment: string
  readonly samples: readonly { readonly path: string; readonly label: number }[]
  readonly everyMinutes: number
}

/**
 * Opens results for others, within the deployment's policy, until the work is cancelled.
 * @throws UserError wrong-passphrase, unknown-deployment, broken-audit-log, insecure-listen, cannot-listen,
 *   nats-unreachable
 */
export async function gateway(
  request: GatewayRequest,
  work: WorkContext,
  onUrl: (url: string) => void,
): Promise<{ closed: true }> {
  throwIfCancelled(work)
  const { keys, deployments, auditLog, perMinute, quota, nats, queue, natsReplicas } = request
  const canaries = request.canaries ? await loadCanaries(request.canaries, keys) : []
  const server = await startGateway(
    {
      ...(await listenOptions(request)),
      keysFolder: keys,
      unlock: await unlockOf(request),
      ...(deployments && deployments.length > 0 && { deployments }),
      auditLog,
      perMinute,
      quota,
      loadsRefreshes: nats !== undefined,
    },
    work.log,
  )
  const queues =
    nats === undefined
      ? undefined
      : await answerQueues(
          server.desk,
          { nats: await natsOptions({ ...request, nats }), limit: queue, replicas: natsReplicas },
          work.log,
        ).catch(async (error) => {
          await server.close()
          throw error
        })
  if (queues) server.readyUnless(() => queues.problems())
  const everyMs = (request.canaries?.everyMinutes ?? 0) * 60_000
  const stopCanaries = scheduleCanaries(server, canaries, everyMs, (canary, passed) => {
    if (!passed) work.log?.('error', 'a canary failed', { edge: canary.edgeUrl })
    if (!passed) work.progress({ kind: 'warning', stage: 'gateway', message: `A canary failed at ${canary.edgeUrl}.` })
  })
  try {
    onUrl(server.url)
    const told = new Promise<void>((resolve) => {
      if (work.signal?.aborted) resolve()
      work.signal?.addEventListener('abort', () => resolve(), { once: true })
    })
    await (queues ? Promise.race([told, queues.lost]) : told)
  } finally {
    stopCanaries()
    await queues?.close()
    await server.close()
  }
  return { closed: true }
}

async function loadCanaries(request: CanaryRequest, keys: string): Promise<Canary[]> {
  const { id } = await new KeyStore(keys).find(request.deployment)
  const [token] = await readTokens(request.edgeTokenFile)
  const edgeUrl = serverUrl(request.edge, 'The edge').href
  return await Promise.all(
    request.samples.map(async ({ path, label }) => ({
      deployment: id,
      edgeUrl,
      ...(token !== undefined && { edgeToken: token }),
      sample: await readBytes(path, 2 ** 26),
      type: sampleType(path),
      label,
    })),
  )
}

function sampleType(path: string): SampleType {
  const ending = /[^.]*$/.exec(path.toLowerCase().replace(/jpeg$/, 'jpg'))![0]
  const found = (Object.keys(SAMPLE_TYPES) as SampleType[]).find((type) => SAMPLE_TYPES[type].endsWith(`.${ending}`))
  if (found) return found
  throw new UserError('unsupported-data-format', `${path} is not .npy, .png or .jpg.`, { where: { file: path } })
}

/** Checks the chain of an audit log. @throws UserError broken-audit-log, file-not-found */
export async function verifyAudit(
  { auditLog }: { readonly auditLog: string },
  work: WorkContext,
): Promise<AuditReport> {
  throwIfCancelled(work)
  return await verifyAuditLog(auditLog)
}

/** The chain of an audit log, checked, with the last so many records. @throws UserError broken-audit-log, file-not-found */
export async function readAuditLog(
  { auditLog, last: most }: { readonly auditLog: string; readonly last: number },
  work: WorkContext,
): Promise<AuditReport & { readonly last: readonly AuditRecord[] }> {
  throwIfCancelled(work)
  let last: AuditRecord[] = []
  const report = await verifyAuditLog(auditLog, (record) => {
    last.push(record)
    if (last.length >= 2 * most) last = last.slice(-most)
  })
  return { ...report, last: last.slice(-most) }
}
