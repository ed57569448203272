import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { UserError } from '../../src-main/core/errors.ts'
import { json, listen, readBody, type Handler, type Listening, type ListenOptions } from '../../src-main/http/listen.ts'
import { Metrics } from '../../src-main/http/metrics.ts'

const pem = (name: string): string => readFileSync(new URL(`../vectors/tls/${name}`, import.meta.url), 'utf8')
const tls = { certificate: pem('insecure-test.crt'), key: pem('insecure-test.key') }
const hello: Handler = async () => json(200, { hello: true })

describe('listening', () => {
  let server: Listening | undefined
  const start = async (handler = hello, options: Partial<ListenOptions> = {}): Promise<string> => {
    server = await listen({ port: 0, ...options }, handler)
    return server.url
  }
  afterEach(async () => {
    await server?.close()
    server = undefined
  })

  it('is on the loopback unless told, and elsewhere only with TLS and tokens', async () => {
    expect(await start()).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const insecure: Partial<ListenOptions>[] = [{}, { tls }, { tokens: ['t'] }, { tls, tokens: [] }]
    for (const options of insecure) {
      const refused = listen({ port: 0, host: '0.0.0.0', ...options }, hello)
      await expect(refused).rejects.toThrow(expect.objectContaining({ code: 'insecure-listen' }))
    }
  })

  it('beyond the loopback speaks TLS and asks for the token', async () => {
    const url = new URL(await start(hello, { host: '0.0.0.0', tls, tokens: ['right'] }))
    const get = (token: string): Promise<number> =>
      new Promise((status, reject) => {
        const options = { host: '127.0.0.1', port: url.port, ca: tls.certificate, servername: 'localhost' }
        request({ ...options, headers: { authorization: `Bearer ${token}` } }, (answer) => status(answer.statusCode!))
          .on('error', reject)
          .end()
      })
    expect(await get('right')).toBe(200)
    expect(await get('wrong')).toBe(401)
  })

  it('says what is wrong with a certificate or a port', async () => {
    const bad = listen({ port: 0, tls: { certificate: 'x', key: 'y' } }, hello)
    await expect(bad).rejects.toThrow(expect.objectContaining({ code: 'bad-certificate' }))
    const { port } = new URL(await start())
    const taken = listen({ port: Number(port) }, hello)
    await expect(taken).rejects.toThrow(expect.objectContaining({ code: 'cannot-listen' }))
  })

  it('answers our own failures without details', async () => {
    const url = await start(async () => {
      throw new Error('secret detail')
    })
    const answer = await fetch(url)
    expect(answer.status).toBe(500)
    expect(await answer.text()).not.toContain('secret')
  })

  it('answers a person’s mistakes by their code', async () => {
    const url = await start(async () => {
      throw new UserError('busy', 'Full.')
    })
    const answer = await fetch(url)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await answer.json()).toEqual({ error: { code: 'busy', message: 'Full.' } })
  })

  it('bounds bodies, declared or not, and outlives senders that go away', async () => {
    const url = await start(async (incoming) => json(200, { bytes: (await readBody(incoming, 1000)).length }))
    const post = (body: BodyInit) => fetch(url, { method: 'POST', body, duplex: 'half' } as RequestInit)
    expect(await (await post('x'.repeat(1000))).json()).toEqual({ bytes: 1000 })
    expect((await post('x'.repeat(1001))).status).toBe(413)
    const chunked = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(400)),
    })
    expect(
      await post(chunked).then(
        ({ status }) => status,
        () => 'cut off',
      ),
    ).toSatisfy((s) => s === 413 || s === 'cut off')
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    await new Promise((done) => socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\nabc', done))
    socket.destroy()
    expect((await post('fine')).status).toBe(200)
  })
})

describe('metrics', () => {
  it('are in Prometheus’ text format', () => {
    const metrics = new Metrics('test')
    metrics.count('requests', 'Requests.', { outcome: 'answered' })
    metrics.count('requests', 'Requests.', { outcome: 'answered' }, 2)
    metrics.set('queue', 'Waiting.', 4)
    expect(metrics.text()).toBe(
      '# HELP test_requests_total Requests.\n# TYPE test_requests_total counter\n' +
        'test_requests_total{outcome="answered"} 3\n' +
        '# HELP test_queue Waiting.\n# TYPE test_queue gauge\ntest_queue 4\n',
    )
  })
})
