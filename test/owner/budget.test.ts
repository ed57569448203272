import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadRunner } from '../../src-main/edge/load-runner.ts'
import { Bundle } from '../../src-main/files/open-bundle.ts'
import { computeJob, newJob } from '../../src-main/edge/compute-job.ts'
import { silent } from '../../src-main/core/progress.ts'
import { Ledger } from '../../src-main/owner/budget/ledger.ts'
import { decrypt } from '../../src-main/owner/decrypt.ts'
import type { Deployment } from '../../src-main/owner/deployment.ts'
import { openDesk, type Desk } from '../../src-main/owner/gateway/desk.ts'
import { backUpDeployment, restoreDeployment } from '../../src-main/owner/key-backup.ts'
import { KeyStore } from '../../src-main/owner/key-store.ts'
import { exportTiny, passphrase, temporaryFolder } from './exported.ts'

const label = Math.log2(3)
const coded = (code: string) => expect.objectContaining({ code })

describe('the budget of a deployment', () => {
  let folder: string
  let store: KeyStore
  let id: string
  let result: Uint8Array
  let told: string[]

  const open = (auditLog: string): Promise<Desk> =>
    openDesk({
      keysFolder: store.folder,
      unlock: { passphrase },
      auditLog: join(folder, auditLog),
      perMinute: 1000,
      onSpent: (deployment: Deployment) => told.push(deployment.id),
    })
  const spent = async (of = store): Promise<number> => (await of.ledger.read(id)).spentBits
  const opened = (beyondBudget = false) =>
    decrypt({ result: join(folder, 'tiny.result'), keysFolder: store.folder, unlock: { passphrase }, beyondBudget })

  beforeAll(async () => {
    folder = await temporaryFolder()
    store = new KeyStore(join(folder, 'keys'))
    id = (await exportTiny(folder)).deploymentId
    const bundle = await Bundle.open(join(folder, 'tiny.sealed'))
    const runner = await loadRunner(bundle, 0, { threads: 1, evaluator: 'seal' })
    const job = newJob(Float64Array.of(0.3, -0.8, 1.5, 0.6))
    result = (await computeJob(bundle, runner, job, silent)).file
    await writeFile(join(folder, 'tiny.result'), result)
    await runner.delete()
    await bundle.close()
    told = []
    await backUpDeployment(store, id, join(folder, 'early.backup'), {})
    // 8 · W / 100 bits are 4.8, which is three labels among three.
    await store.update({ ...(await store.read(id)), weights: 60 })
    await backUpDeployment(store, id, join(folder, 'fresh.backup'), {})
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('is one, whichever gateway, log or command asks', async () => {
    const first = await open('first.log')
    const second = await open('second.log')
    await first.open(result)
    await second.open(result)
    expect(await spent()).toBeCloseTo(2 * label, 9)
    expect(await opened()).toHaveProperty('label')
    await expect(first.open(result)).rejects.toThrow(coded('refused'))
    await expect(second.open(result)).rejects.toThrow(coded('refused'))
    expect(told).toEqual([id, id])
    expect(await first.budgets()).toEqual([
      expect.objectContaining({ deployment: id, bitsAllowed: 4.8, bitsPerAnswer: label, answersLeft: 0 }),
    ])
    await first.close()
    await second.close()
    const third = await open('third.log')
    await expect(third.open(result)).rejects.toThrow(coded('refused'))
    await third.close()
    await expect(opened()).rejects.toThrow(coded('budget-spent'))
    expect(await spent()).toBeCloseTo(3 * label, 9)
  })

  it('is passed only by the owner who says so, and counts that too', async () => {
    const scores = { result: join(folder, 'tiny.result'), keysFolder: store.folder, unlock: { passphrase } }
    await expect(decrypt({ ...scores, reveal: { mode: 'scores' } })).rejects.toThrow(coded('budget-spent'))
    expect(await opened(true)).toHaveProperty('label')
    expect(await spent()).toBeCloseTo(4 * label, 9)
  })

  it('costs nothing where the owner looks alone', async () => {
    const desk = await open('first.log')
    expect(await desk.look(result)).toHaveProperty('label')
    await desk.close()
    expect(await spent()).toBeCloseTo(4 * label, 9)
  })

  it('is not renewed by a backup, in this store or in another', async () => {
    await store.destroy(id)
    await restoreDeployment(store, join(folder, 'fresh.backup'))
    expect(await spent()).toBeCloseTo(4 * label, 9)
    const other = new KeyStore(join(folder, 'other'))
    await restoreDeployment(other, join(folder, 'fresh.backup'))
    expect(await spent(other)).toBeCloseTo(4.8, 9)
    // The log has what was answered since; what the command line opened is in the later backup alone.
    const logged = new KeyStore(join(folder, 'logged'))
    await restoreDeployment(logged, join(folder, 'fresh.backup'), join(folder, 'first.log'))
    expect(await spent(logged)).toBeCloseTo(label, 9)
    await backUpDeployment(store, id, join(folder, 'late.backup'), {})
    const late = new KeyStore(join(folder, 'late'))
    await restoreDeployment(late, join(folder, 'late.backup'), join(folder, 'first.log'))
    expect(await spent(late)).toBeCloseTo(4 * label, 9)
  })

  it('takes over what a log knows and its account does not', async () => {
    await rm(join(store.folder, 'budget'), { recursive: true })
    const desk = await open('first.log')
    expect(await spent()).toBeCloseTo(label, 9)
    await desk.close()
  })
})

describe('an account', () => {
  it('gives out no more than is allowed, whoever asks at once', async () => {
    const folder = await temporaryFolder()
    const id = 'ab'.repeat(16)
    const ledgers = [new Ledger(folder), new Ledger(folder)]
    const asked = Array.from({ length: 24 }, (_, i) => ledgers[i % 2].spend(id, { bits: 1 }, { bits: 10 }))
    expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(10)
    await ledgers[0].giveBack(id, { bits: 1 })
    expect(await ledgers[1].spend(id, { bits: 1, scores: 2 }, { bits: 10, scores: 1 })).toBe(false)
    expect(await ledgers[1].spend(id, { bits: 1, scores: 1 }, { bits: 10, scores: 1 })).toBe(true)
    expect(await ledgers[0].read(id)).toMatchObject({ spentBits: 10, scores: 1 })
    await writeFile(join(folder, 'budget', `${id}.json`), '{}')
    await expect(ledgers[0].spend(id, { bits: 1 }, { bits: 99 })).rejects.toThrow(coded('damaged-key-store'))
    await rm(folder, { recursive: true })
  })
})
