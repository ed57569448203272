import { throwIfCancelled, type WorkContext } from '../core/progress.ts'
import { readBytes, readTokens } from '../files/read-file.ts'
import { SAMPLE_TYPES, type SampleType } from '../data/sample-from-bytes.ts'
import { UserError } from '../core/errors.ts'
import { present } from '../core/must.ts'
import { serverUrl } from '../http/addresses.ts'
import type { BudgetReport } from '../owner/budget/budget.ts'
import type { AuditOptions } from '../owner/gateway/audits.ts'
import { RemoteAuditor, type Auditor } from '../owner/gateway/auditor.ts'
import { SecondEdge } from '../owner/gateway/second-edge.ts'
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
  /** Images answered per deployment in its lifetime; what the budget allows where it is left open: docs/security.md. */
  readonly quota?: number
  /** Where `sealwright audit serve` answers; needed for deployments with audits. */
  readonly auditor?: string
  readonly auditorTokenFile?: string
  /** Instead of an auditor: another edge with the bundle, whose results are compared. */
  readonly secondEdge?: string
  readonly secondEdgeTokenFile?: string
  /** Folder for evidence against edges that were caught; beside the audit log unless told. */
  readonly evidence?: string
  /** Seconds within which an edge has to open an audited job. */
  readonly openingSeconds?: number
  readonly canaries?: CanaryRequest
  /** With NATS: tasks that a queue holds. */
  readonly queue: number
  /** With a cluster of NATS servers: how many of them keep the queues; 1 where it is left open. */
  readonly natsReplicas?: number
  /** With NATS: whether the server names each party in what it claims, as docs/nats-server.conf does. */
  readonly natsNamed?: boolean
}

/** Inputs whose labels are known, sent to an edge at random times. */
export interface CanaryRequest {
  readonly edge: string
  readonly edgeTokenFile?: string
  readonly deployment: string
  readonly samples: readonly { readonly path: string; readonly label: number }[]
  readonly everyMinutes: number
}

export interface GatewayResult {
  readonly closed: true
  readonly deployments: readonly (BudgetReport & { readonly deployment: string })[]
}

/**
 * Opens results for others, within the deployment's policy, until the work is cancelled.
 * @throws UserError wrong-passphrase, unknown-deployment, in-use, not-an-audit-log, broken-audit-log, insecure-listen,
 *   cannot-listen, nats-unreachable
 */
export async function gateway(
  request: GatewayRequest,
  work: WorkContext,
  onUrl: (url: string) => void,
): Promise<GatewayResult> {
  throwIfCancelled(work)
  const { keys, deployments, auditLog, perMinute, quota, nats, queue, natsReplicas, natsNamed } = request
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
      ...((request.auditor ?? request.secondEdge) !== undefined && { audits: await auditOptions(request) }),
      onCaught: ({ id }, token, evidence) =>
        work.progress({
          kind: 'warning',
          stage: 'gateway',
          message: `An audit of ${id} failed. The edge ${token || '(without a token)'} is blocked; evidence: ${evidence}`,
        }),
      onSpent: ({ id, model }) =>
        work.progress({
          kind: 'warning',
          stage: 'gateway',
          message: `The budget of ${id} (${model.name}) is spent: nothing more is answered. Export the network again, with audits for more answers.`,
        }),
    },
    work.log,
  )
  const queues =
    nats === undefined
      ? undefined
      : await answerQueues(
          server.desk,
          { nats: await natsOptions({ ...request, nats }), limit: queue, replicas: natsReplicas, areNamed: natsNamed },
          work.log,
        ).catch(async (error: unknown) => {
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
    return { closed: true, deployments: await server.desk.budgets() }
  } finally {
    stopCanaries()
    await queues?.close()
    await server.close()
  }
}

/** Evidence lies beside the log, which is the owner's too. */
async function auditOptions(request: GatewayRequest): Promise<AuditOptions> {
  const { auditLog, evidence = `${auditLog}.evidence`, openingSeconds = 60 } = request
  return { auditor: await auditorOf(request), evidence, openingMs: openingSeconds * 1000 }
}

/** @throws UserError bad-arguments, bad-url, insecure-url */
async function auditorOf(request: GatewayRequest): Promise<Auditor> {
  const { auditor, auditorTokenFile, secondEdge, secondEdgeTokenFile } = request
  if (auditor !== undefined && secondEdge !== undefined) {
    throw new UserError('bad-arguments', 'Jobs are computed again by an auditor or by a second edge, not by both.')
  }
  const address = async (url: string, whom: string, tokenFile: string | undefined) => {
    const [token] = tokenFile === undefined ? [] : await readTokens(tokenFile)
    return { url: serverUrl(url, whom).href, ...(token !== undefined && { token }) }
  }
  return secondEdge === undefined
    ? new RemoteAuditor(await address(present(auditor), 'The auditor', auditorTokenFile))
    : new SecondEdge(await address(secondEdge, 'The second edge', secondEdgeTokenFile))
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
  const ending = present(/[^.]*$/.exec(path.toLowerCase().replace(/jpeg$/, 'jpg')))[0]
  const found = (Object.keys(SAMPLE_TYPES) as SampleType[]).find((type) => SAMPLE_TYPES[type].endsWith(`.${ending}`))
  if (found) return found
  throw new UserError('unsupported-data-format', `${path} is not .npy, .png or .jpg.`, { where: { file: path } })
}
