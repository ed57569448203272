import { generateIdentity, identityToRecipient } from 'age-encryption'
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EncryptedResult } from '../../src-main/core/bundle/result.ts'
import { backUpDeployment, restoreDeployment } from '../../src-main/owner/key-backup.ts'
import { unlockOf } from '../../src-main/jobs/unlock.ts'
import { lockSecret } from '../../src-main/owner/age.ts'
import { changeLock } from '../../src-main/owner/change-lock.ts'
import { findDeployment, ResultOpener } from '../../src-main/owner/decrypt.ts'
import { KeyStore } from '../../src-main/owner/key-store.ts'
import { UnlockedKeyStore } from '../../src-main/owner/unlocked-key-store.ts'
import { exportTiny, passphrase, temporaryFolder } from './exported.ts'

describe('the key store', () => {
  let folder: string
  let store: KeyStore
  let id: string
  const coded = (code: string) => expect.objectContaining({ code })
  const unlocked = ({ folder: keys }: KeyStore) => new UnlockedKeyStore(keys, { passphrase })
  const copyDeployment = (to: KeyStore) => cp(join(store.folder, id), join(to.folder, id), { recursive: true })

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

  it('finds the deployment of a result by its id, whatever became of the others', async () => {
    const copy = new KeyStore(join(folder, 'beside a damaged one'))
    await copyDeployment(copy)
    await mkdir(join(copy.folder, 'ab'.repeat(16)))
    await writeFile(join(copy.folder, 'ab'.repeat(16), 'deployment.json'), 'damaged')
    const { bundles } = await store.read(id)
    const result = { deploymentId: id, bundleSha256: bundles[0].sha256, segment: 0 } as EncryptedResult
    expect((await findDeployment(copy, result)).id).toBe(id)
    for (const other of ['cd'.repeat(16), '../..']) {
      await expect(findDeployment(copy, { ...result, deploymentId: other })).rejects.toThrow(
        coded('result-of-another-bundle'),
      )
    }
  })

  it('comes back from a backup, which still needs the passphrase', async () => {
    const backup = join(folder, 'backup.zip')
    await backUpDeployment(store, id, backup, {})
    expect((await stat(backup)).mode & 0o777).toBe(0o600)
    await expect(backUpDeployment(store, id, backup, {})).rejects.toThrow(coded('output-exists'))
    await expect(restoreDeployment(store, backup)).rejects.toThrow(coded('deployment-exists'))
    const other = new KeyStore(join(folder, 'restored'))
    expect(await restoreDeployment(other, backup)).toEqual(await store.read(id))
    const secret = await unlocked(other).readSecret(id, 'secret-0')
    expect(secret).toEqual(await unlocked(store).readSecret(id, 'secret-0'))
    const wrong = new UnlockedKeyStore(other.folder, { passphrase: 'no' })
    await expect(wrong.readSecret(id, 'secret-0')).rejects.toThrow(coded('wrong-passphrase'))
  })

  it('changes the passphrase of a deployment: the old one opens nothing but earlier backups', async () => {
    const copy = new KeyStore(join(folder, 'changed'))
    await copyDeployment(copy)
    const next = 'another one for a test'
    await expect(changeLock(copy, id, { passphrase: 'no' }, { passphrase: next })).rejects.toThrow(
      coded('wrong-passphrase'),
    )
    expect(await unlocked(copy).readSecret(id, 'secret-0')).toEqual(await unlocked(store).readSecret(id, 'secret-0'))
    // The usual work factor is meant to take long.
    await changeLock(copy, id, { passphrase }, { passphrase: next, scryptWorkFactor: 8 })
    await expect(unlocked(copy).readSecret(id, 'secret-0')).rejects.toThrow(coded('wrong-passphrase'))
    const anew = new UnlockedKeyStore(copy.folder, { passphrase: next })
    expect(await anew.readSecret(id, 'secret-0')).toEqual(await unlocked(store).readSecret(id, 'secret-0'))
    expect((await stat(copy.path(id, 'identity.age'))).mode & 0o777).toBe(0o600)
    expect((await readdir(join(copy.folder, id))).sort()).toEqual((await readdir(join(store.folder, id))).sort())
    await rm(copy.path(id, 'identity.age'))
    await expect(changeLock(copy, id, { passphrase }, { passphrase: next })).rejects.toThrow(coded('no-identity'))
  })

  it('is unlocked once for all secrets of a deployment, as often as needed after a failure', async () => {
    const copy = new KeyStore(join(folder, 'once'))
    const keys = unlocked(copy)
    await expect(keys.readSecret(id, 'secret-0')).rejects.toThrow(coded('unknown-deployment'))
    await copyDeployment(copy)
    const secret = await keys.readSecret(id, 'secret-0')
    await rm(copy.path(id, 'identity.age'))
    expect(await keys.readSecret(id, 'secret-0')).toEqual(secret)
    expect((await keys.readSecret(id, 'signing-key')).length).toBeGreaterThan(100)
    // Another one has nothing but the passphrase, which opens neither.
    await expect(unlocked(copy).readSecret(id, 'secret-0')).rejects.toThrow(coded('wrong-passphrase'))
  })

  it('opens secrets that are locked without an identity of the deployment, as older ones are', async () => {
    const older = new KeyStore(join(folder, 'older'))
    await copyDeployment(older)
    const secret = await unlocked(older).readSecret(id, 'secret-0')
    await writeFile(older.path(id, 'secret-0.age'), await lockSecret(secret, { passphrase, scryptWorkFactor: 8 }))
    await rm(older.path(id, 'identity.age'))
    const keys = unlocked(older)
    expect(await keys.readSecret(id, 'secret-0')).toEqual(secret)
    const opener = await ResultOpener.load(keys, await older.read(id), 0)
    opener.delete()
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
    const keys = join(elsewhere, 'keys')
    const file = join(elsewhere, 'identities.txt')
    await writeFile(file, `# two, as age-keygen writes them\n${await generateIdentity()}\n\n${identity}\n`)
    const unlock = await unlockOf({ identityFile: file })
    const secret = await new UnlockedKeyStore(keys, unlock).readSecret(deploymentId, 'secret-0')
    expect(secret.length).toBeGreaterThan(1e5)
    await writeFile(file, 'nothing of the kind\n')
    await expect(unlockOf({ identityFile: file })).rejects.toThrow(coded('bad-identity'))
    await expect(unlockOf({})).rejects.toThrow(coded('passphrase-needed'))
    const wrong = new UnlockedKeyStore(keys, { passphrase })
    await expect(wrong.readSecret(deploymentId, 'secret-0')).rejects.toThrow(coded('wrong-passphrase'))
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

  it('sees at once what another process does with a deployment that it has read', async () => {
    const copy = new KeyStore(join(folder, 'watched'))
    await mkdir(copy.folder)
    await copyDeployment(copy)
    const other = new KeyStore(copy.folder)
    expect((await copy.read(id)).revoked).toBeUndefined()
    const revoked = await other.revoke(id)
    expect(await copy.read(id)).toEqual(revoked)
    const path = join(copy.folder, id, 'deployment.json')
    // As an editor writes: into the same file.
    await writeFile(path, (await readFile(path, 'utf8')).replace('"tiny"', '"tidy"'))
    expect(await copy.read(id)).toMatchObject({ model: { name: 'tidy' } })
    await other.destroy(id)
    await expect(copy.read(id)).rejects.toThrow(coded('unknown-deployment'))
  })

  it('revokes once, and destroys for good', async () => {
    const keys = new KeyStore(join(folder, 'doomed'))
    await copyDeployment(keys)
    const { revoked } = await keys.revoke(id)
    expect(Date.parse(revoked!)).not.toBeNaN()
    expect((await keys.revoke(id)).revoked).toBe(revoked)
    await keys.destroy(id)
    expect(await readdir(keys.folder)).toEqual([])
    await expect(keys.destroy(id)).rejects.toThrow(coded('unknown-deployment'))
  })
})
