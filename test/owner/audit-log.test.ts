import { appendFile, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AuditLog, verifyAuditLog } from '../../src-main/owner/gateway/audit-log.ts'
import { temporaryFolder } from './exported.ts'

describe('the audit log', () => {
  let folder: string
  let path: string
  beforeEach(async () => {
    folder = await temporaryFolder()
    path = join(folder, 'audit.log')
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('continues its chain when it is opened again, and shows what is there', async () => {
    const first = await AuditLog.open(path)
    await Promise.all([1, 2, 3].map(() => first.append({ event: 'released', deployment: 'a' })))
    await first.close()
    const seen: string[] = []
    const second = await AuditLog.open(path, ({ event }) => seen.push(event))
    await second.append({ event: 'refused', reason: 'quota' })
    await second.close()
    expect(seen).toEqual(['released', 'released', 'released'])
    expect(await verifyAuditLog(path)).toMatchObject({ records: 4 })
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  it('drops the half line of a crash, and no more', async () => {
    const log = await AuditLog.open(path)
    await log.append({ event: 'started' })
    await log.close()
    const whole = await readFile(path, 'utf8')
    await appendFile(path, whole.slice(0, 40))
    await expect(verifyAuditLog(path)).rejects.toThrow(expect.objectContaining({ code: 'broken-audit-log' }))
    await (await AuditLog.open(path)).close()
    expect(await readFile(path, 'utf8')).toBe(whole)
  })

  it('says where it cannot be', async () => {
    const nowhere = AuditLog.open(join(folder, 'no', 'audit.log'))
    await expect(nowhere).rejects.toThrow(expect.objectContaining({ code: 'not-writable' }))
    await expect(verifyAuditLog(path)).rejects.toThrow(expect.objectContaining({ code: 'file-not-found' }))
  })
})
