import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { UserError } from '../../src-main/core/errors.ts'
import { decodeResult, encodeResult } from '../../src-main/core/bundle/result.ts'
import { serve, type Serving } from '../../src-main/edge/serve/serve.ts'
import { verifyAuditLog } from '../../src-main/owner/gateway/audit-log.ts'
import { runCanary, type Canary } from '../../src-main/owner/gateway/canary.ts'
import { startGateway, type GatewayServer } from '../../src-main/owner/gateway/gateway.ts'
import { KeyStore } from '../../src-main/owner/key-store.ts'
import { sha256 } from '../../src-main/files/sha256.ts'
import { tinyOutput } from '../bundle/tiny-plan.ts'
import { npy } from '../edge/npy.ts'
import { exportTiny, passphrase, temporaryFolder } from './exported.ts'

const pixels = [0.3, -0.8, 1.5, 0.6]
const expected = tinyOutput(pixels)
const label = expected.indexOf(Math.max(...expected))
const asked = { method: 'POST', body: Buffer.from(npy(pixels)), headers: { 'content-type': 'application/x-npy' } }
const edgeOptions = { trust: {}, runner: { threads: 1, evaluator: 'seal' }, port: 0, queue: 4 } as const

describe('the owner’s gateway, with an edge before it', () => {
  let folder: string
  let id: string
  let gateway: GatewayServer
  let edge: Serving
  let result: Uint8Array
  let log: string

  const start = (changes = {}) =>
    startGateway({
      keysFolder: join(folder, 'keys'),
      unlock: { passphrase },
      auditLog: log,
      perMinute: 100,
      quota: 1000,
      port: 0,
      ...changes,
    })
  const post = (body: Uint8Array, url = gateway.url, token?: string) =>
    fetch(`${url}/v1/decrypt`, {
      method: 'POST',
      body: Buffer.from(body),
      headers: token ? { authorization: `Bearer ${token}` } : {},
    })
  const events = async () =>
    (await readFile(log, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))

  beforeAll(async () => {
    folder = await temporaryFolder()
    log = join(folder, 'audit.log')
    id = (await exportTiny(folder)).deploymentId
    gateway = await start()
    edge = await serve({
      ...edgeOptions,
      bundle: join(folder, 'tiny.sealed'),
    })
    const response = await fetch(`${edge.url}/v1/run`, asked)
    result = new Uint8Array(await response.arrayBuffer())
  })
  afterAll(async () => {
    await edge.close()
    await gateway.close()
    await rm(folder, { recursive: true })
  })

  it('says the same of a full disk as of a bad result, and no path', async () => {
    const full = new UserError('disk-full', `There is no room for ${log}.`, { where: { file: log } })
    const refused = new UserError('refused', 'The result was refused.')
    const spy = vi.spyOn(gateway.desk, 'open').mockRejectedValueOnce(full).mockRejectedValueOnce(refused)
    const [failed, bad] = [await post(result), await post(result)]
    spy.mockRestore()
    expect(failed.status).toBe(bad.status)
    expect(await failed.json()).toEqual(await bad.json())
  })

  it('reveals the label and nothing else', async () => {
    const response = await post(result)
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ label })
  })

  it('refuses alike whatever is wrong, and notes the reason for the owner', async () => {
    const other = await temporaryFolder()
    await exportTiny(other)
    const foreign = Buffer.from(result)
    foreign.write('0'.repeat(32), foreign.indexOf(id))
    const changed = Buffer.from(result)
    changed[changed.length - 5] ^= 1
    const bodies = [Buffer.from('nonsense'), new Uint8Array(), foreign, changed, result.subarray(0, 5000)]
    const replies = new Set<string>()
    for (const body of bodies) {
      const response = await post(body)
      replies.add(`${response.status} ${await response.text()}`)
    }
    expect([...replies]).toEqual(['403 {"error":{"code":"refused","message":"The result was refused."}}\n'])
    const reasons = (await events()).filter(({ event }) => event === 'refused').map(({ reason }) => reason)
    // Those alike follow as one record, later.
    expect(reasons).toEqual(['unknown-deployment', 'damaged-result'])
    await rm(other, { recursive: true })
  })

  it('knows noise when it decrypts it, and counts it as an answer', async () => {
    const other = await temporaryFolder()
    const { deploymentId, bundleSha256 } = decodeResult(result, sha256)
    await exportTiny(other)
    const stranger = await serve({ ...edgeOptions, bundle: join(other, 'tiny.sealed') })
    const response = await fetch(`${stranger.url}/v1/run`, asked)
    const { ciphertexts } = decodeResult(new Uint8Array(await response.arrayBuffer()), sha256)
    const noise = encodeResult({ deploymentId, bundleSha256, segment: 0, ciphertexts }, sha256)
    const auditLog = join(folder, 'noise.log')
    const spent = (await new KeyStore(join(folder, 'keys')).ledger.read(id)).spentBits
    // Room for one label among three and the bit of a refusal.
    const quota = (spent + 1.1) / Math.log2(3) + 1
    for (const status of [403, 200, 403]) {
      const limited = await start({ auditLog, quota })
      expect((await post(status === 200 ? result : noise, limited.url)).status).toBe(status)
      await limited.close()
    }
    const reasons = (await readFile(auditLog, 'utf8')).matchAll(/"reason":"([^"]*)"/g)
    expect([...reasons].map(([, reason]) => reason)).toEqual(['implausible-result', 'quota'])
    const after = (await new KeyStore(join(folder, 'keys')).ledger.read(id)).spentBits
    expect(after - spent).toBeCloseTo(1 + Math.log2(3), 9)
    await stranger.close()
    await rm(other, { recursive: true })
  })

  it('limits the rate', async () => {
    const limited = await start({ auditLog: join(folder, 'rate.log'), perMinute: 2 })
    const statuses = []
    for (let i = 0; i < 4; i++) statuses.push((await post(result, limited.url)).status)
    expect(statuses).toEqual([200, 200, 429, 429])
    await limited.close()
  })

  it('releases no more scores than their noise is sized for', async () => {
    const store = new KeyStore(join(folder, 'keys'))
    const deployment = await store.read(id)
    const flooding = { noise: 1e-9, spread: 10, releases: 1, statisticalBits: 30 }
    await store.update({ ...deployment, reveal: { mode: 'scores' }, flooding })
    const scoring = await start({ auditLog: join(folder, 'scores.log'), quota: 100 })
    const { scores } = await (await post(result, scoring.url)).json()
    expect(Math.max(...scores.map((score: number, i: number) => Math.abs(score - expected[i])))).toBeLessThan(0.01)
    expect((await post(result, scoring.url)).status).toBe(403)
    await scoring.close()
    await store.update(deployment)
    expect((await store.ledger.read(id)).scores).toBe(1)
  })

  it('tells tokens apart without writing them down', async () => {
    const auditLog = join(folder, 'token.log')
    const guarded = await start({ auditLog, tokens: ['first-token', 'second-token'], perMinute: 100 })
    expect((await post(result, guarded.url)).status).toBe(401)
    expect((await post(result, guarded.url, 'third-token')).status).toBe(401)
    for (const token of ['first-token', 'second-token'])
      expect((await post(result, guarded.url, token)).status).toBe(200)
    await guarded.close()
    const text = await readFile(auditLog, 'utf8')
    expect(text).not.toContain('first-token')
    const tokens = text.match(/"token":"[0-9a-f]{16}"/g)
    expect(new Set(tokens).size).toBe(2)
  })

  it('sends canaries that an edge cannot tell from others, and notices a wrong answer', async () => {
    const canary: Canary = {
      deployment: id,
      edgeUrl: edge.url,
      sample: npy(pixels),
      type: 'application/x-npy',
      label,
    }
    expect(await runCanary(gateway, canary)).toBe(true)
    expect(await runCanary(gateway, { ...canary, label: label + 1 })).toBe(false)
    expect(await runCanary(gateway, { ...canary, edgeUrl: 'http://127.0.0.1:9' })).toBe(false)
    const canaries = (await events()).filter(({ event }) => event.startsWith('canary'))
    expect(canaries.map(({ event }) => event)).toEqual(['canary-passed', 'canary-failed', 'canary-failed'])
  })

  it('keeps a log in which any change shows', async () => {
    const { records, lastHash } = await verifyAuditLog(log)
    expect(records).toBe((await events()).length)
    expect(lastHash).toBe((await events()).at(-1).hash)
    const lines = (await readFile(log, 'utf8')).split('\n')
    const changed = join(folder, 'changed.log')
    const changes: [string, string[], number][] = [
      ['edited', lines.with(1, lines[1].replace('released', 'refused')), 2],
      ['removed', lines.toSpliced(1, 1), 2],
      ['swapped', lines.with(1, lines[2]).with(2, lines[1]), 2],
      ['broken', lines.with(2, '{'), 3],
    ]
    for (const [how, content, line] of changes) {
      await writeFile(changed, content.join('\n'))
      await expect(verifyAuditLog(changed), how).rejects.toThrow(
        expect.objectContaining({ code: 'broken-audit-log', message: expect.stringContaining(`line ${line}`) }),
      )
      await expect(start({ auditLog: changed }), how).rejects.toThrow(/changed or is damaged/)
    }
  })

  it('gives the edge’s consumers the label', async () => {
    const fronted = await serve({
      ...edgeOptions,
      bundle: join(folder, 'tiny.sealed'),
      gateway: { url: gateway.url },
    })
    const response = await fetch(`${fronted.url}/v1/run`, asked)
    expect(await response.json()).toEqual({ label })
    await fronted.close()
  })

  it('starts only with the right passphrase', async () => {
    const wrong = start({ auditLog: join(folder, 'none.log'), unlock: { passphrase: 'wrong' } })
    await expect(wrong).rejects.toThrow(expect.objectContaining({ code: 'wrong-passphrase' }))
  })

  it('refuses a deployment from the moment it is revoked', async () => {
    await new KeyStore(join(folder, 'keys')).revoke(id)
    expect((await post(result)).status).toBe(403)
    expect((await events()).at(-1)).toMatchObject({ event: 'refused', reason: 'revoked' })
  })
})
