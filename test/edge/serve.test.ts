import { createHash } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeResult } from '../../src-main/core/bundle/result.ts'
import { serve, type ServeOptions, type Serving } from '../../src-main/edge/serve/serve.ts'
import { decrypt } from '../../src-main/owner/decrypt.ts'
import { tinyOutput } from '../bundle/tiny-plan.ts'
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
    const { label } = await decrypt({ result: file, keysFolder: join(folder, 'keys'), unlock: { passphrase } })
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
    await new Promise((resolve) => setTimeout(resolve, 50))
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
})
