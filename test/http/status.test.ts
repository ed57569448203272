import { afterEach, expect, it } from 'vitest'
import { jsonLog } from '../../src-main/core/log.ts'
import { ask } from '../../src-main/http/ask.ts'
import { json, listen, type Listening } from '../../src-main/http/listen.ts'
import { Metrics } from '../../src-main/http/metrics.ts'
import { currentRequestId } from '../../src-main/http/request-id.ts'
import { statusReply } from '../../src-main/http/status.ts'

const servers: Listening[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})
async function start(handler: Parameters<typeof listen>[1]): Promise<string> {
  const server = await listen({ port: 0 }, handler)
  servers.push(server)
  return server.url
}

it('is healthy as long as it runs, and ready as long as nothing stands in the way', async () => {
  const problems: string[] = []
  const status = { facts: { deploymentId: 'ab' }, metrics: new Metrics('test'), problems: () => problems }
  const url = await start(async ({ method, url }) => statusReply(`${method} ${url}`, status) ?? json(404, {}))
  const get = async (path: string) => {
    const response = await fetch(url + path)
    return [response.status, await response.json()]
  }
  expect(await get('/ready')).toEqual([200, { status: 'ready' }])
  problems.push('the NATS server cannot be reached')
  expect(await get('/ready')).toEqual([503, { status: 'not ready', problems }])
  expect(await get('/health')).toEqual([200, { status: 'ok', deploymentId: 'ab' }])
  expect(await get('/other')).toEqual([404, {}])
})

it('reads what it watches whenever it is asked, whoever else is', async () => {
  let isConnected = true
  const metrics = new Metrics('test')
  metrics.watch('connected', 'Whether there is a connection.', () => Number(isConnected))
  const get = () => statusReply('GET /metrics', { metrics, problems: () => [] })?.body
  expect(get()).toContain('\ntest_connected 1\n')
  isConnected = false
  expect(get()).toContain('\ntest_connected 0\n')
})

it('tells histograms as Prometheus reads them', () => {
  const metrics = new Metrics('test')
  for (const seconds of [0.02, 0.3, 1000]) metrics.observe('run_seconds', 'Runs.', seconds, { segment: '1' })
  metrics.observe('body_bytes', 'Bodies.', 2000)
  const lines = metrics.text().split('\n')
  expect(lines.slice(0, 4)).toEqual([
    '# HELP test_run_seconds Runs.',
    '# TYPE test_run_seconds histogram',
    'test_run_seconds_bucket{segment="1",le="0.01"} 0',
    'test_run_seconds_bucket{segment="1",le="0.025"} 1',
  ])
  expect(lines).toContain('test_run_seconds_bucket{segment="1",le="0.5"} 2')
  expect(lines).toContain('test_run_seconds_bucket{segment="1",le="300"} 2')
  expect(lines).toContain('test_run_seconds_bucket{segment="1",le="+Inf"} 3')
  expect(lines).toContain('test_run_seconds_sum{segment="1"} 1000.32')
  expect(lines).toContain('test_run_seconds_count{segment="1"} 3')
  expect(lines).toContain('test_body_bytes_bucket{le="1000"} 0')
  expect(lines).toContain('test_body_bytes_bucket{le="10000"} 1')
  expect(lines.find((line) => line.startsWith('process_resident_memory_bytes '))).toMatch(/ \d{7,}$/)
})

it('carries one id through servers, and makes one where none or none sensible is given', async () => {
  const ids: (string | undefined)[] = []
  const last = await start(async () => {
    ids.push(currentRequestId())
    return json(200, {})
  })
  const first = await start(async () => {
    const asked = { url: last, whom: 'It', path: '/', body: new Uint8Array(1), type: 'text/plain' }
    await ask({ ...asked, timeoutMs: 5_000, maxReplyBytes: 100 })
    return json(200, { id: currentRequestId() })
  })
  const send = async (headers: Record<string, string>) => {
    const response = await fetch(first, { headers })
    const { id } = (await response.json()) as { id: string }
    expect(response.headers.get('x-request-id')).toBe(id)
    return id
  }
  expect(await send({ 'x-request-id': 'job-7' })).toBe('job-7')
  const made = [await send({}), await send({ 'x-request-id': 'no {braces}' })]
  for (const id of made) expect(id).toMatch(/^[0-9a-f]{16}$/)
  expect(ids).toEqual(['job-7', ...made])
})

it('logs a JSON object a line, from a level on', () => {
  const lines: string[] = []
  const log = jsonLog(
    (line) => lines.push(line),
    'warn',
    { service: 'edge' },
    () => new Date(0),
  )
  log('info', 'computed')
  log('warn', 'refused', { request: 'a', seconds: 1.5, reason: undefined })
  expect(lines).toEqual([
    '{"time":"1970-01-01T00:00:00.000Z","level":"warn","message":"refused","service":"edge","request":"a","seconds":1.5}\n',
  ])
})
