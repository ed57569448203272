import { generateIdentity, identityToRecipient } from 'age-encryption'
import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backUpDeployment, restoreDeployment } from '../../src-main/owner/key-backup.ts'
import { unlockOf } from '../../src-main/jobs/unlock.ts'
import { KeyStore } from '../../src-main/owner/key-store.ts'
import { exportTiny, passphrase, temporaryFolder } from './exported.ts'

describe('the key store', () => {
  let folder: string
  let store: KeyStore
  let id: string
  const coded = (code: string) => expect.objectContaining({ code })

  beforeAll(async () => {
    folder = await temporaryFolder()
    store = new KeyStore(join(folder, 'keys'))
    id = (await exportTiny(folder)).deploymentId
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('lists deployments with what was exported, and finds them by the start of their id', async () => {
    const [deployment] = await store.list()
    expect(deployment).toMatchObject({ id, model: { name: 'tiny' }, bundles: [{ path: join(folder, 'tiny.sealed') }] })
    expect(await store.find(id.slice(0, 6))).toEqual(deployment)
    await expect(store.find('')).rejects.toThrow(coded('unknown-deployment'))
    await expect(store.read('../../etc')).rejects.toThrow(coded('unknown-deployment'))
    expect(await new KeyStore(join(folder, 'none')).list()).toEqual([])
  })

  it('comes back from a backup, which still needs the passphrase', async () => {
    const backup = join(folder, 'backup.zip')
    await backUpDeployment(store, id, backup, {})
    expect((await stat(backup)).mode & 0o777).toBe(0o600)
    await expect(backUpDeployment(store, id, backup, {})).rejects.toThrow(coded('output-exists'))
    await expect(restoreDeployment(store, backup)).rejects.toThrow(coded('deployment-exists'))
    const other = new KeyStore(join(folder, 'restored'))
    expect(await restoreDeployment(other, backup)).toEqual(await store.read(id))
    const secret = await other.readSecret(id, 'secret-0', { passphrase })
    expect(secret).toEqual(await store.readSecret(id, 'secret-0', { passphrase }))
    await expect(other.readSecret(id, 'secret-0', { passphrase: 'no' })).rejects.toThrow(coded('wrong-passphrase'))
  })

  it('refuses damaged backups and writes nothing', async () => {
    const backup = join(folder, 'good.zip')
    await backUpDeployment(store, id, backup, {})
    const bytes = await readFile(backup)
    const other = new KeyStore(join(folder, 'untouched'))
    for (const place of [0, 50, 2000, bytes.length >> 1, bytes.length - 1]) {
      const damaged = join(folder, 'damaged.zip')
      await writeFile(
        damaged,
        bytes.map((byte, i) => (i === place ? byte ^ 1 : byte)),
      )
      await expect(restoreDeployment(other, damaged), `byte ${place}`).rejects.toThrow(coded('damaged-backup'))
    }
    await expect(restoreDeployment(other, join(folder, 'tiny.sealed'))).rejects.toThrow(coded('damaged-backup'))
    expect(await other.list()).toEqual([])
  })

  it('takes age recipients in place of a passphrase', async () => {
    const identity = await generateIdentity()
    const elsewhere = await temporaryFolder()
    const { deploymentId } = await exportTiny(elsewhere, {
      lock: { recipients: [await identityToRecipient(identity)] },
    })
    const keys = new KeyStore(join(elsewhere, 'keys'))
    const file = join(elsewhere, 'identities.txt')
    await writeFile(file, `# two, as age-keygen writes them\n${await generateIdentity()}\n\n${identity}\n`)
    const unlock = await unlockOf({ identityFile: file })
    expect((await keys.readSecret(deploymentId, 'secret-0', unlock)).length).toBeGreaterThan(1e5)
    await writeFile(file, 'nothing of the kind\n')
    await expect(unlockOf({ identityFile: file })).rejects.toThrow(coded('bad-identity'))
    await expect(unlockOf({})).rejects.toThrow(coded('passphrase-needed'))
    await expect(keys.readSecret(deploymentId, 'secret-0', { passphrase })).rejects.toThrow(coded('wrong-passphrase'))
    await rm(elsewhere, { recursive: true })
  })

  it('removes what a killed process left, and nothing of one that runs', async () => {
    const [dead, alive] = ['4000000', String(process.pid)].map((pid) => `.${'a'.repeat(32)}.part-${pid}`)
    for (const name of [dead, alive]) await mkdir(join(store.folder, name))
    const draft = await store.draft('b'.repeat(32))
    await draft.discard()
    const names = await readdir(store.folder)
    expect(names).not.toContain(dead)
    expect(names).toContain(alive)
  })

  it('revokes once, and destroys for good', async () => {
    const keys = new KeyStore(join(folder, 'doomed'))
    await mkdir(join(keys.folder, id), { recursive: true })
    for (const name of await readdir(join(store.folder, id))) await copyFile(store.path(id, name), keys.path(id, name))
    const { revoked } = await keys.revoke(id)
    expect(Date.parse(revoked!)).not.toBeNaN()
    expect((await keys.revoke(id)).revoked).toBe(revoked)
    await keys.destroy(id)
    expect(await readdir(keys.folder)).toEqual([])
    await expect(keys.destroy(id)).rejects.toThrow(coded('unknown-deployment'))
  })
})
