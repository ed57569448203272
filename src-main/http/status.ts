import { json, type Reply } from './listen.ts'
import type { Metrics } from './metrics.ts'

export interface Status {
  /** Public facts beside "ok". */
  readonly facts?: Readonly<Record<string, string>>
  readonly metrics: Metrics
  /** Why work cannot be taken now; none where it can. */
  readonly problems: () => readonly string[]
}

/**
 * The answers that supervisors and monitors ask for: `/health` is 200 as long as the process runs, `/ready` 503 while it
 * can take no work, `/metrics` is for Prometheus. Undefined for any other route.
 */
export function statusReply(route: string, { facts = {}, metrics, problems }: Status): Reply | undefined {
  if (route === 'GET /health') return json(200, { status: 'ok', ...facts })
  if (route === 'GET /metrics') return { status: 200, type: 'text/plain; version=0.0.4', body: metrics.text() }
  if (route !== 'GET /ready') return undefined
  const all = problems()
  return all.length === 0 ? json(200, { status: 'ready' }) : json(503, { status: 'not ready', problems: all })
}
