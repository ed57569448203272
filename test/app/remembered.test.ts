import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RememberedPassphrases } from '../../src-main/app/remembered.ts'
import type { Keyring } from '../../src-main/app/remembered.ts'

const deployment = '0123456789abcdef0123456789abcdef'

/** Stands for an operating system's keyring; what it does with the text is not under test. */
const keyring = (backend: string, available = true): Keyring => ({
  isEncryptionAvailable: () => available,
  encryptString: (text) => Buffer.from(text).reverse(),
  decryptString: (encrypted) => Buffer.from(encrypted).reverse().toString(),
  getSelectedStorageBackend: () => backend,
})

let file: string
beforeEach(async () => {
  file = join(await mkdtemp(join(tmpdir(), 'sealwright-remembered-')), 'passphrases.json')
})
afterEach(async () => {
  await rm(join(file, '..'), { recursive: true })
})

describe('remembered passphrases', () => {
  it('are given back, and not once they are forgotten', async () => {
    const remembered = new RememberedPassphrases(file, keyring('gnome_libsecret'), 'linux')
    expect(remembered.availability).toEqual({ available: true, words: 'the GNOME keyring' })
    await remembered.remember(deployment, 'correct horse')
    expect(await readFile(file, 'utf8')).not.toContain('correct horse')
    expect((await stat(file)).mode & 0o077).toBe(0)
    expect(await new RememberedPassphrases(file, keyring('gnome_libsecret'), 'linux').recall(deployment)).toBe(
      'correct horse',
    )
    expect([...(await remembered.deployments())]).toEqual([deployment])
    await remembered.forget(deployment)
    expect(await remembered.recall(deployment)).toBeUndefined()
  })

  it.each([
    ['there is none', keyring('basic_text'), 'linux'],
    ['it is not known', keyring('unknown'), 'linux'],
    ['it does not answer', keyring('kwallet6', false), 'linux'],
    ['the account has no keychain', keyring('', false), 'darwin'],
  ])('are refused by a keyring where %s', async (_why, ring, platform) => {
    const remembered = new RememberedPassphrases(file, ring, platform)
    expect(remembered.availability.available).toBe(false)
    await expect(remembered.remember(deployment, 'correct horse')).rejects.toMatchObject({ code: 'no-keyring' })
    await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('are not asked of a keyring that has gone', async () => {
    await new RememberedPassphrases(file, keyring('kwallet6'), 'linux').remember(deployment, 'correct horse')
    expect(await new RememberedPassphrases(file, keyring('basic_text'), 'linux').recall(deployment)).toBeUndefined()
  })
})
