import { spawnSync } from 'node:child_process'
import { appendFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fingerprintOf } from '../../src-main/files/signature.ts'
import { AuditLog, verifyAuditLog } from '../../src-main/owner/gateway/audit-log.ts'
import { sealRecord, type AuditRecord } from '../../src-main/owner/gateway/audit-record.ts'
import { Refusals } from '../../src-main/owner/gateway/refusals.ts'
import { Signer } from '../../src-main/owner/sign.ts'
import { temporaryFolder } from './exported.ts'

const signer = Signer.generate()
const isTrusted = (fingerprint: string): boolean => fingerprint === fingerprintOf(signer.publicKey)
const coded = (code: string) => expect.objectContaining({ code })

describe('the audit log', () => {
  let folder: string
  let path: string
  const open = (each?: (record: AuditRecord) => void) => AuditLog.open(path, signer, isTrusted, each)
  const lines = async (): Promise<string[]> => (await readFile(path, 'utf8')).trim().split('\n')

  beforeEach(async () => {
    folder = await temporaryFolder()
    path = join(folder, 'audit.log')
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('continues its chain when it is opened again, and shows what is there', async () => {
    const first = await open()
    await Promise.all([1, 2, 3].map(() => first.append({ event: 'released', deployment: 'a', bits: 3.25 })))
    await first.close()
    const seen: string[] = []
    const second = await open(({ event }) => seen.push(event))
    await second.append({ event: 'refused', reason: 'quota' })
    await second.close()
    expect(seen).toEqual(['started', 'released', 'released', 'released'])
    expect(await verifyAuditLog(path, { isTrusted })).toMatchObject({ records: 6 })
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  it('drops the half line of a crash, and no more', async () => {
    await (await open()).close()
    const whole = await readFile(path, 'utf8')
    await appendFile(path, whole.slice(0, 40))
    await expect(verifyAuditLog(path)).rejects.toThrow(coded('broken-audit-log'))
    await (await open()).close()
    expect((await readFile(path, 'utf8')).startsWith(whole)).toBe(true)
    expect(await verifyAuditLog(path)).toMatchObject({ records: 2 })
    await writeFile(path, whole.slice(0, 40))
    await (await open()).close()
    expect(await verifyAuditLog(path)).toMatchObject({ records: 1 })
  })

  it('cannot be rewritten by whoever lacks the key, not even as a whole', async () => {
    const log = await open()
    await log.append({ event: 'released', deployment: 'a' })
    await log.close()
    const forger = Signer.generate()
    const records: AuditRecord[] = []
    for (const event of [{ event: 'started', signer: forger.publicDer } as const, { event: 'stopped' } as const]) {
      records.push(sealRecord(event, records.length, records.at(-1)?.hash ?? '0'.repeat(64), forger))
    }
    const forged = records.map((record) => `${JSON.stringify(record)}\n`).join('')
    await writeFile(path, forged)
    // Sound in itself, and so told apart by the key alone.
    expect(await verifyAuditLog(path)).toMatchObject({ records: 2, signers: [fingerprintOf(forger.publicKey)] })
    await expect(verifyAuditLog(path, { isTrusted })).rejects.toThrow(coded('broken-audit-log'))
    await expect(open()).rejects.toThrow(coded('broken-audit-log'))
    expect(await readFile(path, 'utf8')).toBe(forged)
    // With the owner's key named at the start and another's signature below it.
    const started = sealRecord({ event: 'started', signer: signer.publicDer }, 0, '0'.repeat(64), forger)
    await writeFile(path, `${JSON.stringify(started)}\n`)
    await expect(verifyAuditLog(path)).rejects.toThrow(coded('broken-audit-log'))
  })

  it('is held by one process at a time', async () => {
    const log = await open()
    await expect(open()).rejects.toThrow(coded('in-use'))
    await log.close()
    await (await open()).close()
    // One that was killed holds nothing.
    const { pid } = spawnSync(process.execPath, ['-e', ''])
    const own = JSON.parse(await heldBy()) as object
    await writeFile(`${path}.lock`, JSON.stringify({ ...own, pid }))
    await (await open()).close()

    async function heldBy(): Promise<string> {
      const held = await open()
      const text = await readFile(`${path}.lock`, 'utf8')
      await held.close()
      return text
    }
  })

  it('leaves a file alone that is no audit log', async () => {
    for (const content of ['my diary\nno end of line', '{"sequence":0,"time":"2026-01-01"}\n', 'x', '{"a":1}\nhalf']) {
      await writeFile(path, content)
      await expect(open(), content).rejects.toThrow(coded('not-an-audit-log'))
      expect(await readFile(path, 'utf8')).toBe(content)
      await expect(verifyAuditLog(path), content).rejects.toThrow(coded('not-an-audit-log'))
    }
    await writeFile(path, '')
    await (await open()).close()
    expect(await lines()).toHaveLength(1)
  })

  it.runIf(process.getuid?.() === 0)('goes on after a disk that was full for a while', async () => {
    const disk = join(folder, 'disk')
    await mkdir(disk)
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', disk]).status !== 0) return
    try {
      path = join(disk, 'audit.log')
      const log = await open()
      const reason = 'x'.repeat(200)
      let written = 1
      await expect(
        (async () => {
          for (;;) {
            await log.append({ event: 'refused', reason })
            written += 1
          }
        })(),
      ).rejects.toThrow(coded('disk-full'))
      spawnSync('mount', ['-o', 'remount,size=64k', disk])
      await log.append({ event: 'stopped' })
      await log.close()
      expect(await verifyAuditLog(path, { isTrusted })).toMatchObject({ records: written + 1 })
    } finally {
      spawnSync('umount', [disk])
    }
  })

  it('says where it cannot be', async () => {
    const nowhere = AuditLog.open(join(folder, 'no', 'audit.log'), signer, isTrusted)
    await expect(nowhere).rejects.toThrow(coded('not-writable'))
    await expect(verifyAuditLog(path)).rejects.toThrow(coded('file-not-found'))
  })

  it('takes refusals alike together, so that a flood of them does not fill the disk', async () => {
    const log = await open()
    let nowMs = 0
    const refusals = new Refusals(
      (event) => log.append(event),
      1000,
      () => nowMs,
    )
    const refuse = (reason: string) => refusals.note({ event: 'refused', deployment: 'a', token: 't', reason })
    for (let i = 0; i < 500; i++) await refuse('rate')
    await refuse('quota')
    nowMs = 1001
    await refuse('rate')
    await refuse('rate')
    await refusals.flush()
    await log.close()
    const counted = (await lines()).map((line) => JSON.parse(line) as AuditRecord).slice(1)
    expect(counted.map(({ reason, count }) => [reason, count])).toEqual([
      ['rate', undefined],
      ['quota', undefined],
      ['rate', 500],
      ['rate', 1],
    ])
    expect(counted.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(503)
  })
})
