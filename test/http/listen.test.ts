import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request as plainRequest } from 'node:http'
import { request } from 'node:https'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { UserError } from '../../src-main/core/errors.ts'
import { serverUrl } from '../../src-main/http/addresses.ts'
import { ask } from '../../src-main/http/ask.ts'
import { BodyBudget, readBody } from '../../src-main/http/body.ts'
import { json, listen, type Handler, type Listening, type ListenOptions } from '../../src-main/http/listen.ts'
import { readTokens } from '../../src-main/files/read-file.ts'
import { gatewayFrom, listenFrom } from '../../src-main/edge/arguments.ts'
import { listenOptions } from '../../src-main/jobs/listen.ts'
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

describe('a crowd', () => {
  let server: Listening | undefined
  const sockets: Socket[] = []
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    await server?.close()
    server = undefined
  })
  const crowd = async (port: number, first = ''): Promise<void> => {
    const connecting = Array.from({ length: 300 }, async () => {
      const socket = connect(port, '127.0.0.1').on('error', () => {})
      sockets.push(socket)
      await once(socket, 'connect').catch(() => {})
      socket.write(first)
    })
    await Promise.all(connecting)
  }

  it.each([
    ['silent connections', ''],
    ['half a request', 'GET / HTTP/1.1\r\nhost: localhost\r\n'],
    ['half a body', 'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 500\r\n\r\nabc'],
  ])('of %s keeps nobody out', async (_, first) => {
    server = await listen({ port: 0 }, async (incoming) =>
      json(200, { bytes: (await readBody(incoming, 1000)).length }),
    )
    await crowd(Number(new URL(server.url).port), first)
    for (let i = 0; i < 5; i++) expect((await fetch(server.url)).status).toBe(200)
  })

  it('of unfinished TLS handshakes keeps nobody out', async () => {
    server = await listen({ port: 0, tls, tokens: ['t'] }, hello)
    const { port } = new URL(server.url)
    await crowd(Number(port))
    const status = await new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, ca: tls.certificate, servername: 'localhost' }
      request({ ...options, headers: { authorization: 'Bearer t' } }, (reply) => resolve(reply.statusCode))
        .on('error', reject)
        .end()
    })
    expect(status).toBe(200)
  })

  it('that is being answered is not cut off by newcomers', async () => {
    let release = (): void => {}
    const released = new Promise<void>((resolve) => (release = resolve))
    server = await listen({ port: 0 }, async ({ url }) => {
      if (url === '/slow') await released
      return json(200, {})
    })
    const slow = fetch(`${server.url}/slow`)
    await new Promise((resolve) => setTimeout(resolve, 100))
    await crowd(Number(new URL(server.url).port))
    release()
    expect((await slow).status).toBe(200)
  })

  it('shares one allowance of bytes for bodies, which comes back', async () => {
    let waiting = 0
    let release = (): void => {}
    const released = new Promise<void>((resolve) => (release = resolve))
    const budget = new BodyBudget(2_500_000)
    server = await listen({ port: 0, budget }, async (incoming) => {
      await readBody(incoming, 1_000_000, budget)
      waiting += 1
      await released
      return json(200, {})
    })
    const { url } = server
    const post = (): Promise<number> =>
      fetch(url, { method: 'POST', body: Buffer.alloc(600_000) }).then(({ status }) => status)
    const held = Array.from({ length: 4 }, post)
    await vi.waitFor(() => expect(waiting).toBe(4))
    expect(await post().catch(() => 503)).toBe(503)
    release()
    expect(await Promise.all(held)).toEqual([200, 200, 200, 200])
    expect(await post()).toBe(200)
  })
})

describe('strangers', () => {
  let server: Listening | undefined
  afterEach(async () => {
    await server?.close()
    server = undefined
  })
  const statusFor = async (headers: Record<string, string>, options: Partial<ListenOptions> = {}): Promise<number> => {
    server = await listen({ port: 0, ...options }, hello)
    const { port } = new URL(server.url)
    const status = await new Promise<number>((resolve, reject) => {
      plainRequest({ host: '127.0.0.1', port, headers }, (reply) => resolve(reply.resume().statusCode!))
        .on('error', reject)
        .end()
    })
    await server.close()
    return status
  }

  it('get no answer under a name that is not the loopback’s, unless they have a token', async () => {
    for (const host of ['attacker.example', 'attacker.example:8443', '192.168.0.7', '127.0.0.1.nip.example'])
      expect(await statusFor({ host }), host).toBe(421)
    for (const host of ['localhost', 'localhost:80', '127.0.0.1:8443', '[::1]:8443', '127.1.2.3'])
      expect(await statusFor({ host }), host).toBe(200)
    const authorization = 'Bearer right'
    expect(await statusFor({ host: 'owner.example', authorization }, { tokens: ['right'] })).toBe(200)
  })

  it('get no answer from a page of another site, whatever they have', async () => {
    for (const origin of ['https://attacker.example', 'null', 'http://localhost:1', 'http://127.0.0.1'])
      expect(await statusFor({ host: 'localhost:80', origin }), origin).toBe(403)
    expect(await statusFor({ host: 'localhost', origin: 'http://localhost' })).toBe(200)
    expect(await statusFor({ host: 'localhost', 'sec-fetch-site': 'cross-site' })).toBe(403)
    const authorization = 'Bearer right'
    const origin = 'https://attacker.example'
    expect(await statusFor({ host: 'localhost', origin, authorization }, { tokens: ['right'] })).toBe(403)
  })

  it('are not told about files of this machine', async () => {
    server = await listen({ port: 0 }, async () => {
      throw new UserError('disk-full', 'There is no room for /home/owner/audit.jsonl.', {
        where: { file: '/home/owner/audit.jsonl' },
      })
    })
    const reply = await fetch(server.url)
    expect(reply.status).toBe(500)
    expect(await reply.text()).not.toContain('audit')
  })
})

describe('a file of tokens', () => {
  it('that holds none does not mean that none is asked for', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sealwright-tokens-'))
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text)
      return join(folder, name)
    }
    try {
      expect(await readTokens(file('two', ' a \n\nb\n'))).toEqual(['a', 'b'])
      for (const [name, text, code] of [
        ['blank', ' \n\n', 'no-token'],
        ['empty', '', 'file-empty'],
      ]) {
        const tokenFile = file(name, text)
        await expect(listenOptions({ port: 0, tokenFile })).rejects.toMatchObject({ code })
        await expect(listenFrom({ 'token-file': tokenFile })).rejects.toMatchObject({ code })
        const gateway = { gateway: 'http://127.0.0.1', 'gateway-token-file': tokenFile }
        await expect(gatewayFrom(gateway)).rejects.toMatchObject({ code })
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('goes to a gateway over https, but for this machine', async () => {
    await expect(gatewayFrom({ gateway: 'http://owner.example' })).rejects.toMatchObject({ code: 'insecure-url' })
    expect(await gatewayFrom({ gateway: 'https://owner.example' })).toMatchObject({ url: 'https://owner.example/' })
  })
})

describe('asking another server', () => {
  const asked = {
    whom: 'The gateway',
    path: '/',
    body: new Uint8Array(1),
    type: 'text/plain',
    token: 'secret',
  } as const
  const limits = { timeoutMs: 5_000, maxReplyBytes: 1000 }

  it('goes over https, but for this machine', async () => {
    for (const url of ['http://owner.example', 'http://127.0.0.1.nip.example:80', 'http://10.0.0.1']) {
      await expect(ask({ ...asked, ...limits, url })).rejects.toMatchObject({ code: 'insecure-url' })
    }
    for (const url of ['ftp://owner.example', 'owner.example', 'https://user@owner.example', '']) {
      await expect(ask({ ...asked, ...limits, url })).rejects.toMatchObject({ code: 'bad-url' })
    }
    expect(serverUrl('https://owner.example/x', 'It').href).toBe('https://owner.example/x')
    for (const url of ['http://localhost:1', 'http://[::1]:80', 'http://127.0.0.1']) serverUrl(url, 'It')
  })

  it('reads no more of an endless reply than may be', async () => {
    let sent = 0
    const endless = createServer((_, response) => {
      const more = (): void => {
        sent += 65536
        response.write(Buffer.alloc(65536), (error) => (error || response.destroyed ? undefined : setImmediate(more)))
      }
      more()
    }).listen(0, '127.0.0.1')
    await once(endless, 'listening')
    const url = `http://127.0.0.1:${(endless.address() as AddressInfo).port}`
    await expect(ask({ ...asked, ...limits, url, maxReplyBytes: 2 ** 20 })).rejects.toMatchObject({ code: 'no-answer' })
    endless.closeAllConnections()
    endless.close()
    expect(sent).toBeLessThan(2 ** 26)
  })
})

describe('metrics', () => {
  it('are in Prometheus’ text format', () => {
    const metrics = new Metrics('test')
    metrics.count('requests', 'Requests.', { outcome: 'answered' })
    metrics.count('requests', 'Requests.', { outcome: 'answered' }, 2)
    metrics.set('queue', 'Waiting.', 4)
    const [own, ofProcess] = metrics.text().split('# HELP process_cpu_seconds_total')
    expect(ofProcess).toMatch(/^process_resident_memory_bytes \d+$/m)
    expect(own).toBe(
      '# HELP test_requests_total Requests.\n# TYPE test_requests_total counter\n' +
        'test_requests_total{outcome="answered"} 3\n' +
        '# HELP test_queue Waiting.\n# TYPE test_queue gauge\ntest_queue 4\n',
    )
  })
})
