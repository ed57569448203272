import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silent } from '../../src-main/core/progress.ts'
import { gateway, type GatewayRequest } from '../../src-main/jobs/gateway.ts'
import { listenOptions } from '../../src-main/jobs/listen.ts'
import { natsArguments, natsOptions } from '../../src-main/jobs/nats.ts'
import { exportTiny, passphrase, temporaryFolder } from '../owner/exported.ts'

const coded = (code: string) => expect.objectContaining({ code })

describe('jobs that serve', () => {
  let folder: string
  const at = (name: string): string => join(folder, name)

  beforeAll(async () => {
    folder = await temporaryFolder()
    await exportTiny(folder, { audit: { rate: 1 } })
    await writeFile(at('tokens.txt'), 'first\nsecond\n')
    await writeFile(at('empty.txt'), '\n')
    await writeFile(at('password.txt'), 'old\n')
  })
  afterAll(() => rm(folder, { recursive: true }))

  describe('a gateway', () => {
    const start = (changes: Partial<GatewayRequest>) =>
      gateway(
        {
          ...{ keys: at('keys'), passphrase, auditLog: at('audit.log'), perMinute: 60, queue: 8, port: 0 },
          ...changes,
        },
        silent,
        () => {
          throw new Error('it should not have started')
        },
      )

    it('has audited jobs computed by an auditor or by a second edge, not by both and not by neither', async () => {
      const [auditor, secondEdge] = ['http://127.0.0.1:1', 'http://127.0.0.1:2']
      await expect(start({ auditor, secondEdge })).rejects.toThrow(coded('bad-arguments'))
      await expect(start({})).rejects.toThrow(coded('auditor-needed'))
    })

    it('sends inputs of audited jobs to other machines over TLS alone', async () => {
      await expect(start({ auditor: 'http://auditor.example' })).rejects.toThrow(coded('insecure-url'))
      await expect(start({ secondEdge: 'http://edge.example' })).rejects.toThrow(coded('insecure-url'))
    })

    it('leaves nothing open where it does not start', async () => {
      await expect(start({ auditor: 'http://127.0.0.1:1', nats: 'nats://127.0.0.1:1' })).rejects.toThrow(
        coded('nats-unreachable'),
      )
      // The audit log is free again, and so are the keys.
      await expect(start({ auditor: 'http://127.0.0.1:1', nats: 'http://127.0.0.1:1' })).rejects.toThrow(
        coded('bad-nats-url'),
      )
    })
  })

  it('takes the tokens of a file, and no empty file for none', async () => {
    expect((await listenOptions({ port: 0, tokenFile: at('tokens.txt') })).tokens).toEqual(['first', 'second'])
    await expect(listenOptions({ port: 0, tokenFile: at('empty.txt') })).rejects.toThrow(coded('no-token'))
  })

  it('reads the password of NATS anew when its file has changed', async () => {
    const { password } = await natsOptions({ nats: 'nats://127.0.0.1', natsPasswordFile: at('password.txt') })
    const read = password as () => string
    expect(read()).toBe('old')
    await writeFile(at('password.txt'), 'new\n')
    expect(read()).toBe('new')
  })

  it('hands the edge every option of NATS that was given, and no other', () => {
    const request = {
      ...{ nats: 'tls://a:1', natsCredentials: 'c', natsUser: 'u', natsPasswordFile: 'p', natsTokenFile: 't' },
      ...{ natsCa: 'ca', natsCert: 'ce', natsKey: 'k' },
    }
    expect(natsArguments(request)).toEqual([
      '--nats=tls://a:1',
      '--nats-credentials=c',
      '--nats-user=u',
      '--nats-password-file=p',
      '--nats-token-file=t',
      '--nats-ca=ca',
      '--nats-cert=ce',
      '--nats-key=k',
    ])
    expect(natsArguments({})).toEqual([])
  })
})
