import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { serveAudits } from '../../src-main/audit/serve.ts'
import { decodeCase, encodeCase } from '../../src-main/core/bundle/audit-case.ts'
import type { Receipt } from '../../src-main/core/bundle/receipt.ts'
import { decodeResult, encodeResult } from '../../src-main/core/bundle/result.ts'
import { parseSplit } from '../../src-main/core/segment/cut.ts'
import { planSegments } from '../../src-main/core/segment/plan-segments.ts'
import { runSegmentsInTheClear } from '../../src-main/core/segment/run-in-the-clear.ts'
import { serve, type ServeOptions, type Serving } from '../../src-main/edge/serve/serve.ts'
import { sha256 } from '../../src-main/files/sha256.ts'
import type { Listening } from '../../src-main/http/listen.ts'
import { RemoteAuditor } from '../../src-main/owner/gateway/auditor.ts'
import { startGateway, type GatewayServer } from '../../src-main/owner/gateway/gateway.ts'
import { KeyStore } from '../../src-main/owner/key-store.ts'
import { residual } from '../segment/residual.ts'
import { npyFile } from '../support/npy.ts'
import { exportTiny, passphrase, temporaryFolder } from './exported.ts'

const octets = 'application/octet-stream'

describe.each([
  // One bundle for all nodes, with the owner's refresh in the middle; one for each node, handed on.
  ['that the owner refreshes', 'c1:refresh', false],
  ['that are handed on', 'c1:hand-off', true],
])('audits over HTTP of segments %s', (_, split, perNode) => {
  const planned = planSegments(residual('shallow'), parseSplit(split), {})
  const values = Float64Array.from({ length: 128 }, (_, i) => Math.sin(i))
  const sample = npyFile([1, 2, 8, 8], values)
  const outputs = runSegmentsInTheClear(planned, values)
  const label = outputs.indexOf(Math.max(...outputs))
  let folder: string
  let id: string
  let bundles: string[]
  let gateway: GatewayServer
  let auditor: Listening
  const edges: Serving[] = []

  const edge = async (segment: number, changes: Partial<ServeOptions> = {}): Promise<string> => {
    const bundle = bundles[Math.min(segment, bundles.length - 1)]
    const options = { bundle, trust: {}, runner: { threads: 1, evaluator: 'kernels' as const }, port: 0, queue: 4 }
    const serving = await serve({ ...options, ...changes })
    edges.push(serving)
    return serving.url
  }
  const post = async (url: string, body: Uint8Array, type = octets, headers = {}) => {
    const reply = await fetch(url, {
      method: 'POST',
      body: Buffer.from(body),
      headers: { 'content-type': type, ...headers },
    })
    return { status: reply.status, bytes: new Uint8Array(await reply.arrayBuffer()) }
  }
  const textOf = ({ bytes }: { bytes: Uint8Array }): unknown => JSON.parse(new TextDecoder().decode(bytes))
  const opening = async (url: string, job: string, segment: number) =>
    await fetch(`${url}/v1/openings/${job}/${segment}`)
  const account = () => new KeyStore(join(folder, 'keys')).ledger.read(id)

  beforeAll(async () => {
    folder = await temporaryFolder()
    const out = join(folder, 'out')
    id = (await exportTiny(folder, { ...planned, out, perNode, audit: { rate: 1 } })).deploymentId
    bundles = perNode ? planned.segments.map((_, i) => join(out, `segment-${i + 1}.sealed`)) : [out]
    auditor = await serveAudits({ bundles, trust: {}, threads: 1, port: 0, queue: 4 })
    gateway = await startGateway({
      ...{ keysFolder: join(folder, 'keys'), unlock: { passphrase }, auditLog: join(folder, 'audit.log') },
      ...{ perMinute: 1000, quota: 1000, port: 0, tokens: ['client', 'liar'] },
      audits: {
        auditor: new RemoteAuditor({ url: auditor.url }),
        evidence: join(folder, 'evidence'),
        openingMs: 10_000,
      },
    })
  }, 60_000)
  afterAll(async () => {
    for (const serving of edges) await serving.close()
    await gateway.close()
    await auditor.close()
    await rm(folder, { recursive: true })
  })
  beforeEach(() =>
    new KeyStore(join(folder, 'keys')).ledger.update(id, (before) => ({
      ...before,
      blocked: [],
      audits: { passed: 0, failed: 0 },
    })),
  )

  /** What a client does that carries a job from edge to edge, and opens it where the owner asks. */
  async function carry(
    urls: readonly string[],
    token: string,
    change = (file: Uint8Array): Uint8Array => file,
    show = (file: Uint8Array): Uint8Array => file,
  ) {
    const headers = { authorization: `Bearer ${token}` }
    const ask = async (path: string, file: Uint8Array) => {
      let reply = await post(`${gateway.url}${path}`, file, octets, headers)
      while (reply.status === 202) {
        const { job, segments } = (textOf(reply) as { audit: { job: string; segments: number[] } }).audit
        const opened = await opening(urls[segments[0]], job, segments[0])
        reply = await post(
          `${gateway.url}/v1/openings`,
          show(new Uint8Array(await opened.arrayBuffer())),
          octets,
          headers,
        )
      }
      return reply
    }
    const first = await post(`${urls[0]}/v1/run`, sample, 'application/x-npy')
    let given = change(first.bytes)
    if (!perNode) {
      const refreshed = await ask('/v1/refresh', given)
      if (refreshed.status !== 200) return refreshed
      given = refreshed.bytes
    }
    return await ask('/v1/decrypt', (await post(`${urls[1]}/v1/run`, given)).bytes)
  }

  it('pass where a client carries the job from edge to edge and opens it', async () => {
    const urls = [await edge(0, { segments: [0] }), await edge(1, { segments: [1] })]
    const answered = await carry(urls, 'client')
    expect([answered.status, textOf(answered)]).toEqual([200, { label }])
    expect(await account()).toMatchObject({ blocked: [], spentBits: 0, audits: { passed: perNode ? 1 : 2, failed: 0 } })
  }, 60_000)

  it('find the lie of the first segment', async () => {
    const urls = [await edge(0, { segments: [0] }), await edge(1, { segments: [1] })]
    const kind = perNode ? 'handed' : 'result'
    let lie: Receipt | undefined
    const tell = (file: Uint8Array) => {
      const { receipts = [], ...rest } = decodeResult(file, sha256, kind)
      const ciphertexts = rest.ciphertexts.map((bytes) => bytes.map((byte, i) => (i === 113 ? byte ^ 1 : byte)))
      lie = { ...receipts[0], outputs: ciphertexts.map(sha256) }
      return encodeResult({ ...rest, ciphertexts, receipts: [lie] }, sha256, kind)
    }
    const stand = (file: Uint8Array) => {
      const { receipt, opening } = decodeCase(file, sha256)
      return encodeCase({ receipt: receipt.segment === 0 ? lie! : receipt, opening }, sha256)
    }
    expect((await carry(urls, 'liar', tell, stand)).status).toBe(403)
    const { blocked, audits } = await account()
    expect([blocked.length, audits]).toEqual([1, { passed: 0, failed: 1 }])
    expect(await readFile(join(folder, 'audit.log'), 'utf8')).toMatch(/"event":"audit-failed".*"reason":"output"/)
    expect((await carry(urls, 'liar')).status).toBe(403)
    expect((await carry(urls, 'client')).status).toBe(200)
  }, 60_000)

  if (perNode) return
  it('go by one request id from an edge with all segments to the audit log', async () => {
    const url = await edge(0, { gateway: { url: gateway.url, token: 'client' } })
    const answered = await post(`${url}/v1/run`, sample, 'application/x-npy', { 'x-request-id': 'request-7' })
    expect([answered.status, textOf(answered)]).toEqual([200, { label }])
    expect((await account()).audits).toEqual({ passed: 2, failed: 0 })
    const log = (await readFile(join(folder, 'audit.log'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(log.filter(({ request }) => request === 'request-7').map(({ event }) => event)).toEqual([
      'audit-passed',
      'refreshed',
      'audit-passed',
      'released',
    ])
  }, 60_000)

  it('are shown what an edge computed, and with a token only', async () => {
    const url = await edge(0, { tokens: ['secret'] })
    const headers = { authorization: 'Bearer secret' }
    const { bytes } = await post(`${url}/v1/run`, sample, 'application/x-npy', headers)
    const { job, receipts } = decodeResult(bytes, sha256)
    const shown = await fetch(`${url}/v1/openings/${job}/0`, { headers })
    expect([shown.status, shown.headers.get('content-type')]).toEqual([200, octets])
    const { receipt, opening: opened } = decodeCase(new Uint8Array(await shown.arrayBuffer()), sha256)
    expect(receipt).toEqual(receipts![0])
    expect(opened).toMatchObject({ kind: 'values', values })
    expect((await opening(url, job!, 0)).status).toBe(401)
    const unknown = [`${job}/1`, `${'ab'.repeat(16)}/0`, 'nonsense', `${job}/0/0`]
    for (const path of unknown) expect((await fetch(`${url}/v1/openings/${path}`, { headers })).status).toBe(404)
    const audited = encodeCase({ receipt, opening: opened }, sha256)
    expect(textOf(await post(`${auditor.url}/v1/audit`, audited))).toMatchObject({ finding: { agrees: true } })
  }, 60_000)
})
