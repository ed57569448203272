import { present } from '../core/must.ts'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { CancelledError, UserError } from '../core/errors.ts'
import type { WorkContext } from '../core/progress.ts'
import { auditServe } from './audit.ts'
import { describeBundle, type TrustRequest } from './edge-bundle.ts'
import { edgeServe } from './edge-serve.ts'
import { gateway, type GatewayRequest } from './gateway.ts'
import { startNatsServer } from './nats-server.ts'
import type { UnlockRequest } from './unlock.ts'

export interface ClusterRequest
  extends TrustRequest, UnlockRequest, Pick<GatewayRequest, 'keys' | 'auditLog' | 'perMinute' | 'queue' | 'quota'> {
  /** One with all segments, or one for each. */
  readonly bundles: readonly string[]
  /** One for each segment where it is left open. */
  readonly nodes?: number
  /** Of each node. */
  readonly threads: number
}

interface NodeTask {
  readonly bundle: string
  /** From 0. */
  readonly segments: readonly number[]
}

interface Allotted {
  readonly ids: string[]
  readonly nodes: NodeTask[]
  readonly isAudited: boolean
}

const restartMs = 1000

/**
 * A NATS server, the gateway, nodes and, where the deployment has audits, an auditor in processes of their own on this machine,
 * until the work is cancelled. A node that dies is started again; what is queued goes with the server.
 * @throws UserError no-nats-server, bad-cluster, and what opening bundles and the gateway say
 */
export async function cluster(
  request: ClusterRequest,
  work: WorkContext,
  onUrl: (url: string) => void,
): Promise<{ closed: true }> {
  const { ids, nodes, isAudited } = await allot(request, work)
  const folder = await mkdtemp(join(tmpdir(), 'sealwright-cluster-'))
  const server = await startNatsServer({ folder })
  const stopped = new AbortController()
  const signal = work.signal ? AbortSignal.any([work.signal, stopped.signal]) : stopped.signal
  const nodesWork = { ...withoutProgress(work), signal }
  const running: Promise<unknown>[] = []
  try {
    const auditor = isAudited ? await startAuditor(request, nodesWork, running) : undefined
    const all = { ...request, nats: server.url, port: 0, deployments: ids, auditor }
    await gateway(all, work, () => {
      running.push(...nodes.map((node) => keepRunning(all, node, nodesWork)))
      onUrl(server.url)
    })
    return { closed: true }
  } finally {
    stopped.abort()
    await Promise.all(running)
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Resolves with its address. */
async function startAuditor(request: ClusterRequest, work: WorkContext, running: Promise<unknown>[]): Promise<string> {
  const { bundles, threads, publicKey, signature, allowUnsigned } = request
  const audits = { bundles, threads, publicKey, signature, allowUnsigned, port: 0, queue: 64 }
  return await new Promise((resolve, reject) => {
    const serving = auditServe(audits, work, resolve)
    serving.catch(reject)
    running.push(serving.catch(() => {}))
  })
}

async function keepRunning(
  request: ClusterRequest & { readonly nats: string },
  { bundle, segments }: NodeTask,
  work: WorkContext,
): Promise<void> {
  const { threads, nats, publicKey, signature, allowUnsigned } = request
  const list = segments.map((segment) => segment + 1).join(',')
  const node = { bundle, segments: list, threads, nats, publicKey, signature, allowUnsigned, port: 0, queue: 1 }
  while (!work.signal?.aborted) {
    await edgeServe(node, work, () => {}).catch((error: unknown) => {
      if (error instanceof CancelledError) return
      work.progress({
        kind: 'warning',
        stage: 'cluster',
        message: `The node of segment ${list} ended: ${(error as Error).message}`,
      })
    })
    await pause(restartMs, undefined, { signal: work.signal }).catch(() => {})
  }
}

/** Segments to nodes in turn; further nodes share them from the first one on. */
async function allot(request: ClusterRequest, work: WorkContext): Promise<Allotted> {
  const described = await Promise.all(
    request.bundles.map(async (bundle) => ({ bundle, ...(await describeBundle({ ...request, bundle }, work)) })),
  )
  const ids = [...new Set(described.map(({ deploymentId }) => deploymentId))]
  const parts = described
    .flatMap(({ bundle, segments }) => segments.map(({ index }) => ({ bundle, index })))
    .sort((a, b) => a.index - b.index)
  const isWhole = parts.length === present(described[0]).cuts.length + 1 && parts.every(({ index }, i) => index === i)
  if (ids.length !== 1 || !isWhole) {
    throw new UserError('bad-cluster', 'The bundles are not those of one whole network.', {
      hint: 'Name one bundle with all segments, or one for each segment of the same export.',
    })
  }
  const isAudited = described.some(({ audit }) => audit !== undefined)
  const count = request.nodes ?? parts.length
  const nodes = Array.from({ length: Math.max(count, parts.length) }, (_, i) => present(parts[i % parts.length]))
  if (count >= parts.length)
    return { ids, isAudited, nodes: nodes.map(({ bundle, index }) => ({ bundle, segments: [index] })) }
  if (request.bundles.length > 1) {
    throw new UserError('bad-cluster', `Bundles for ${parts.length} nodes need as many nodes.`)
  }
  const some = Array.from({ length: count }, (_, node) => parts.filter(({ index }) => index % count === node))
  return {
    ids,
    isAudited,
    nodes: some.map((held) => ({ bundle: present(held[0]).bundle, segments: held.map(({ index }) => index) })),
  }
}

const withoutProgress = ({ progress }: WorkContext): WorkContext => ({
  progress: (event) => {
    if (event.kind === 'warning') progress(event)
  },
})
