import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { describe, expect, it } from 'vitest'
import { unlockOf } from '../../src-main/jobs/unlock.ts'
import { protect, type ProtectRequest } from '../../src-main/jobs/protect.ts'
import { silent } from '../../src-main/core/progress.ts'
import { lockSecret, unlockSecret } from '../../src-main/owner/age.ts'
import { KeyStore } from '../../src-main/owner/key-store.ts'
import { kindOfRecipients } from '../../src-main/owner/recipients.ts'
import { UnlockedKeyStore } from '../../src-main/owner/unlocked-key-store.ts'
import { exportTiny, temporaryFolder } from './exported.ts'

const pair = async (make: () => Promise<string>) => {
  const identity = await make()
  return { identity, recipient: await identityToRecipient(identity) }
}
const stanzas = (file: Uint8Array): string[] =>
  new TextDecoder('latin1')
    .decode(file.subarray(0, 8000))
    .split('\n---')[0]
    .match(/^-> \S+/gm) ?? []

describe('age recipients', () => {
  it.each([
    ['classic', generateX25519Identity, '-> X25519'],
    ['post-quantum', generateHybridIdentity, '-> mlkem768x25519'],
  ] as const)('of the %s kind lock the whole store, each of several opens it', async (kind, make, stanza) => {
    const [first, second, other] = [await pair(make), await pair(make), await pair(make)]
    const recipients = [first.recipient, second.recipient]
    expect(kindOfRecipients(recipients)).toBe(kind)
    const folder = await temporaryFolder()
    try {
      const { deploymentId: id } = await exportTiny(folder, { lock: { recipients } })
      const store = new KeyStore(join(folder, 'keys'))
      expect(stanzas(await store.readFile(id, 'identity.age'))).toEqual([stanza, stanza])
      for (const name of ['secret-0.age', 'signing-key.age']) {
        expect(stanzas(await store.readFile(id, name)), name).toEqual([stanza])
      }
      const file = join(folder, 'identities.txt')
      for (const { identity } of [first, second]) {
        await writeFile(file, `# created by age-keygen\n${other.identity}\n${identity}\n`)
        const keys = new UnlockedKeyStore(store.folder, await unlockOf({ identityFile: file }))
        expect((await keys.readSecret(id, 'secret-0')).length).toBeGreaterThan(1e5)
      }
      const wrong = new UnlockedKeyStore(store.folder, { identities: [other.identity] })
      await expect(wrong.readSecret(id, 'secret-0')).rejects.toMatchObject({ code: 'wrong-passphrase' })
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('of both kinds are not mixed', async () => {
    const recipients = [(await pair(generateX25519Identity)).recipient, (await pair(generateHybridIdentity)).recipient]
    await expect(lockSecret(new Uint8Array(1), { recipients })).rejects.toMatchObject({
      code: 'bad-recipient',
      message: expect.stringContaining('do not mix'),
    })
  })

  it.each([
    ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN someone@host', 'SSH keys'],
    ['ssh-rsa AAAAB3NzaC1yc2E', 'SSH keys'],
    ['age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t', 'plugins and hardware keys'],
    ['age1tag1qt8lw0ual6avlwmwatk888yqnmdamm7xfd0wak53ut6elz5c4swx2yqdj4e', 'plugins and hardware keys'],
    ['age1qqqq', 'is not an age recipient'],
    ['someone@example.org', 'is not an age recipient'],
    ['', 'is not an age recipient'],
  ])('such as %s are refused with the reason', (recipient, reason) => {
    expect(() => kindOfRecipients([recipient])).toThrow(
      expect.objectContaining({ code: 'bad-recipient', message: expect.stringContaining(reason) }),
    )
  })

  it('that are secrets are refused without being repeated', async () => {
    const secrets = [await generateX25519Identity(), await generateHybridIdentity(), 'AGE-PLUGIN-YUBIKEY-1QQQQ']
    for (const secret of [...secrets, ...secrets.map((text) => text.toLowerCase())]) {
      let said = ''
      try {
        kindOfRecipients([secret])
      } catch (error) {
        said = `${(error as Error).message} ${(error as { hint?: string }).hint} ${(error as Error).cause}`
      }
      expect(said).toContain('is a secret key')
      expect(said.toLowerCase()).not.toContain(secret.slice(15, 40).toLowerCase())
    }
  })

  it('and weak passphrases are refused before any work', async () => {
    const request = { out: join(import.meta.dirname, 'never'), force: false } as ProtectRequest
    const refused = (locked: object): Promise<unknown> => protect({ ...request, ...locked }, silent)
    await expect(refused({ recipients: ['ssh-rsa x'] })).rejects.toMatchObject({ code: 'bad-recipient' })
    await expect(refused({ passphrase: '1234567' })).rejects.toMatchObject({ code: 'weak-passphrase' })
    await expect(refused({})).rejects.toMatchObject({ code: 'passphrase-needed' })
  })

  it('of SSH are refused as identities too', async () => {
    const folder = await temporaryFolder()
    const file = join(folder, 'id_ed25519')
    await writeFile(file, '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n')
    await expect(unlockOf({ identityFile: file })).rejects.toMatchObject({
      code: 'bad-identity',
      hint: expect.stringContaining('SSH keys are not supported'),
    })
    await rm(folder, { recursive: true })
  })

  it('open what they were given, and a passphrase does not', async () => {
    const { identity, recipient } = await pair(generateHybridIdentity)
    const file = await lockSecret(Uint8Array.of(1, 2, 3), { recipients: [recipient] })
    expect(await unlockSecret(file, { identities: [identity] })).toEqual(Uint8Array.of(1, 2, 3))
    await expect(unlockSecret(file, { passphrase: 'passphrase' })).rejects.toMatchObject({ code: 'wrong-passphrase' })
  })
})
