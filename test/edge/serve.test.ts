import { createHash } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeResult } from '../../src-main/core/bundle/result.ts'
import { serve, type ServeOptions, type Serving } from '../../src-main/edge/serve/serve.ts'
import { decrypt } from '../../src-main/owner/decrypt.ts'
import { refresh } from '../../src-main/owner/refresh.ts'
import { UnlockedKeyStore } from '../../src-main/owner/unlocked-key-store.ts'
import { tinyOutput, tinySegment } from '../bundle/tiny-plan.ts'
import { exportTiny, passphrase, temporaryFolder } from '../owner/exported.ts'
import { npy } from './npy.ts'

const pixels = [0.3, -0.8, 1.5, 0.6]
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

describe('the edge over HTTP', () => {
  let folder: string
  let server: Serving
  let options: ServeOptions

  beforeAll(async () => {
    folder = await temporaryFolder()
    await exportTiny(folder)
    options = {
      bundle: join(folder, 'tiny.sealed'),
      trust: {},
      runner: { threads: 1, evaluator: 'seal' },
      port: 0,
      queue: 2,
    }
    server = await serve(options)
  })
  afterAll(async () => {
    await server.close()
    await rm(folder, { recursive: true })
  })

  const post = (body: Uint8Array, type = 'application/x-npy', path = '/v1/run') =>
    fetch(server.url + path, { method: 'POST', body: Buffer.from(body), headers: { 'content-type': type } })
  const codeOf = async (response: Response) => [response.status, (await response.json()).error.code]

  it('answers a sample with an encrypted result', async () => {
    const response = await post(npy(pixels))
    expect(response.status).toBe(200)
    const bytes = new Uint8Array(await response.arrayBuffer())
    expect(decodeResult(bytes, sha256).ciphertexts).toHaveLength(1)
    const file = join(folder, 'http.result')
    await writeFile(file, bytes)
    const expected = tinyOutput(pixels)
    const { label } = await decrypt({
      result: file,
      keysFolder: join(folder, 'keys'),
      unlock: { passphrase },
      beyondBudget: true,
    })
    expect(label).toBe(expected.indexOf(Math.max(...expected)))
  })

  it('refuses what it cannot use, each with a reason', async () => {
    expect(await codeOf(await post(Buffer.from('nonsense')))).toEqual([400, 'bad-npy'])
    expect(await codeOf(await post(npy([...pixels, ...pixels])))).toEqual([400, 'wrong-shape'])
    expect(await codeOf(await post(npy([NaN, 0, 0, 0])))).toEqual([400, 'non-finite-pixels'])
    expect(await codeOf(await post(Buffer.from('nonsense'), 'image/png'))).toEqual([400, 'bad-image'])
    expect(await codeOf(await post(npy(pixels), 'text/plain'))).toEqual([415, 'unsupported-media-type'])
    expect(await codeOf(await post(npy(pixels), 'constructor'))).toEqual([415, 'unsupported-media-type'])
    expect(await codeOf(await post(new Uint8Array(2 ** 21)))).toEqual([413, 'request-too-large'])
    expect(await codeOf(await post(npy(pixels), 'application/x-npy', '/v1/../etc'))).toEqual([404, 'not-found'])
    expect(await codeOf(await fetch(`${server.url}/v1/run`))).toEqual([405, 'method-not-allowed'])
  })

  it('answers at once when the queue is full, and serves the others', async () => {
    const responses = await Promise.all(Array.from({ length: 8 }, () => post(npy(pixels))))
    const statuses = responses.map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(2)
    expect(statuses.filter((status) => status === 503)).toHaveLength(6)
    expect(responses.find(({ status }) => status === 503)!.headers.get('retry-after')).toBe('1')
  })

  it('tells its health and its counts', async () => {
    expect(await (await fetch(`${server.url}/health`)).json()).toMatchObject({ status: 'ok' })
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    expect(metrics).toMatch(/^sealwright_edge_requests_total\{outcome="answered"\} 3$/m)
    expect(metrics).toMatch(/^sealwright_edge_requests_total\{outcome="busy"\} 6$/m)
    expect(metrics).toMatch(/^sealwright_edge_queue 0$/m)
  })

  it('finishes what it has begun before it closes', async () => {
    const other = await serve(options)
    const running = fetch(`${other.url}/v1/run`, {
      method: 'POST',
      body: Buffer.from(npy(pixels)),
      headers: { 'content-type': 'application/x-npy' },
    })
    // It has taken the request, whether or not it is answered already.
    await expect.poll(() => other.metrics(), { timeout: 60_000, interval: 5 }).toContain('request_bytes_count 1')
    await other.close()
    expect((await running).status).toBe(200)
    await expect(fetch(`${other.url}/health`)).rejects.toThrow('fetch failed')
  })

  it('listens beyond the loopback only with TLS and a token', async () => {
    const refusal = expect.objectContaining({ code: 'insecure-listen' })
    await expect(serve({ ...options, host: '0.0.0.0' })).rejects.toThrow(refusal)
    await expect(serve({ ...options, host: '0.0.0.0', tokens: ['t'] })).rejects.toThrow(refusal)
  })

  it('asks for the token where one is set', async () => {
    const guarded = await serve({ ...options, tokens: ['secret-token'] })
    const get = (token?: string) =>
      fetch(`${guarded.url}/health`, { headers: token ? { authorization: `Bearer ${token}` } : {} })
    expect((await get()).status).toBe(401)
    expect((await get('another')).status).toBe(401)
    expect((await get('secret-token')).status).toBe(200)
    await guarded.close()
  })

  it('serves every segment of a bundle, or those it is told: what the owner refreshed, and nothing of another deployment', async () => {
    const deep = await temporaryFolder()
    const keysFolder = join(deep, 'keys')
    await exportTiny(deep, { segments: [tinySegment([1, 2, 2]), tinySegment([3, 1, 1])] })
    const other = await serve({ ...options, bundle: join(deep, 'tiny.sealed') })
    const file = (name: string): string => join(deep, name)
    const run = async (body: Uint8Array, type: string, name: string): Promise<Response> => {
      const headers = { 'content-type': type }
      const response = await fetch(`${other.url}/v1/run`, { method: 'POST', body: Buffer.from(body), headers })
      if (response.status === 200) await writeFile(file(name), Buffer.from(await response.arrayBuffer()))
      return response
    }
    const segmentOf = async (name: string) => decodeResult(await readFile(file(name)), sha256).segment
    await run(npy(pixels), 'application/x-npy', 'first.result')
    expect(await segmentOf('first.result')).toBe(0)
    const keys = new UnlockedKeyStore(keysFolder, { passphrase })
    await refresh({ result: file('first.result'), keys, out: file('second') })
    const refreshed = await readFile(file('second'))
    await run(refreshed, 'application/octet-stream', 'last.result')
    expect(await segmentOf('last.result')).toBe(1)
    const expected = tinyOutput(tinyOutput(pixels))
    const { label } = await decrypt({
      result: file('last.result'),
      keysFolder,
      unlock: { passphrase },
      beyondBudget: true,
    })
    expect(label).toBe(expected.indexOf(Math.max(...expected)))

    const changed = refreshed.map((byte, i) => (i === refreshed.length - 100 ? byte ^ 1 : byte))
    expect(await codeOf(await run(changed, 'application/octet-stream', ''))).toEqual([400, 'damaged-result'])
    const result = await readFile(file('first.result'))
    expect(await codeOf(await run(result, 'application/octet-stream', ''))).toEqual([400, 'damaged-result'])
    expect(await codeOf(await post(refreshed, 'application/octet-stream'))).toEqual([400, 'input-of-another-bundle'])
    await other.close()

    const first = await serve({ ...options, bundle: join(deep, 'tiny.sealed'), segments: [0] })
    const headers = { 'content-type': 'application/octet-stream' }
    const refused = await fetch(`${first.url}/v1/run`, { method: 'POST', body: refreshed, headers })
    expect(await codeOf(refused)).toEqual([400, 'segment-elsewhere'])
    await first.close()
    const third = serve({ ...options, bundle: join(deep, 'tiny.sealed'), segments: [2] })
    await expect(third).rejects.toThrow(expect.objectContaining({ code: 'segment-elsewhere' }))
    await rm(deep, { recursive: true })
  })
})
