import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { serve } from '../../src-main/edge/serve/serve.ts'
import { verifyAuditLog } from '../../src-main/owner/gateway/audit-log.ts'
import { startGateway } from '../../src-main/owner/gateway/gateway.ts'
import { KeyStore } from '../../src-main/owner/key-store.ts'
import { tinyOutput } from '../bundle/tiny-plan.ts'
import { npy } from '../edge/npy.ts'
import { exportTiny, passphrase, temporaryFolder } from './exported.ts'

const pixels = [0.3, -0.8, 1.5, 0.6]
const expected = tinyOutput(pixels)
const label = expected.indexOf(Math.max(...expected))

describe('a clock that is moved', () => {
  let folder: string
  beforeAll(async () => {
    folder = await temporaryFolder()
    vi.useFakeTimers({ toFake: ['Date'] })
  })
  afterAll(async () => {
    vi.useRealTimers()
    await rm(folder, { recursive: true })
  })

  it('neither spoils an export nor keeps its results from being opened, and breaks no audit log', async () => {
    vi.setSystemTime('1965-03-01T00:00:00Z')
    await exportTiny(folder)
    vi.setSystemTime('2099-12-31T23:59:59Z')
    const { deploymentId } = await exportTiny(folder, { force: true })
    const kept = new KeyStore(join(folder, 'keys'))
    expect((await kept.list()).map(({ created }) => created.slice(0, 4)).sort()).toEqual(['1965', '2099'])

    const auditLog = join(folder, 'audit.log')
    const gateway = await startGateway({
      keysFolder: join(folder, 'keys'),
      unlock: { passphrase },
      auditLog,
      perMinute: 100,
      quota: 100,
      port: 0,
    })
    const bundle = join(folder, 'tiny.sealed')
    const edge = await serve({ bundle, trust: {}, runner: { threads: 1, evaluator: 'seal' }, port: 0, queue: 4 })
    try {
      for (const today of ['2026-01-01', '2050-01-01', '1971-01-01']) {
        vi.setSystemTime(today)
        const result = await fetch(`${edge.url}/v1/run`, {
          method: 'POST',
          body: Buffer.from(npy(pixels)),
          headers: { 'content-type': 'application/x-npy' },
        })
        const answer = await fetch(`${gateway.url}/v1/decrypt`, { method: 'POST', body: await result.arrayBuffer() })
        expect(await answer.json()).toEqual({ label })
      }
      vi.setSystemTime('2000-01-01')
      await kept.revoke(deploymentId)
    } finally {
      await edge.close()
      await gateway.close()
    }
    expect((await verifyAuditLog(auditLog)).records).toBeGreaterThanOrEqual(3)
  })
})
