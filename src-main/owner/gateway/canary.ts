import { UserError } from '../../core/errors.ts'
import { MAX_RESULT_BYTES } from '../../core/bundle/result.ts'
import { ask } from '../../http/ask.ts'
import type { SampleType } from '../../data/sample-from-bytes.ts'
import type { GatewayServer } from './gateway.ts'
import { varySample } from './vary-sample.ts'
import { present } from '../../core/must.ts'

/** An input whose label the owner knows, sent to an edge over HTTP with fresh noise, so that it is never the same twice. */
export interface Canary {
  readonly deployment: string
  readonly edgeUrl: string
  readonly edgeToken?: string
  readonly sample: Uint8Array
  readonly type: SampleType
  readonly label: number
}

const timeoutMs = 300_000

/** Asks the edge as a consumer would, opens the answer, and records whether the label is right. */
export async function runCanary(gateway: GatewayServer, canary: Canary): Promise<boolean> {
  const { deployment, label } = canary
  let reason: string | undefined
  try {
    const revealed = await gateway.desk.look(await askEdge(canary))
    if (revealed.label !== label) reason = `label ${revealed.label} instead of ${label}`
  } catch (error) {
    reason = error instanceof Error ? error.message.slice(0, 200) : 'no answer'
  }
  await gateway.desk.auditLog.append({
    event: reason === undefined ? 'canary-passed' : 'canary-failed',
    deployment,
    reason,
  })
  return reason === undefined
}

/**
 * Runs the canaries in random order, each after a random pause around `everyMs`, so that no rhythm betrays them. Returns
 * what stops it.
 */
export function scheduleCanaries(
  gateway: GatewayServer,
  canaries: readonly Canary[],
  everyMs: number,
  onResult: (canary: Canary, passed: boolean) => void = () => {},
): () => void {
  let timer: NodeJS.Timeout
  const next = (): void => {
    timer = setTimeout(() => void send(), everyMs * (0.5 + Math.random()))
    timer.unref()
  }
  const send = async (): Promise<void> => {
    const canary = present(canaries[Math.floor(Math.random() * canaries.length)])
    onResult(canary, await runCanary(gateway, canary).catch(() => false))
    next()
  }
  if (canaries.length > 0) next()
  return () => clearTimeout(timer)
}

async function askEdge({ edgeUrl, edgeToken, sample, type }: Canary): Promise<Uint8Array> {
  const body = await varySample(sample, type)
  const { status, bytes } = await ask({
    ...{ url: edgeUrl, token: edgeToken, path: '/v1/run', whom: 'The edge' },
    ...{ body, type, timeoutMs, maxReplyBytes: MAX_RESULT_BYTES },
  })
  if (status !== 200) throw new UserError('edge-refused', `The edge refused with status ${status}.`)
  return bytes
}
