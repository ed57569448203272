import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SIGNATURE_ENTRY, SIGNER_ENTRY } from '../../src-main/core/bundle/manifest.ts'
import { Bundle } from '../../src-main/files/open-bundle.ts'
import { Signer } from '../../src-main/owner/sign.ts'
import { signBundle } from '../../src-main/owner/sign-bundle.ts'
import type { ProtectResult } from '../../src-main/owner/protect.ts'
import { exportTiny, temporaryFolder } from '../owner/exported.ts'
import { rewriteBundle } from './rewrite-bundle.ts'

describe('the signature of a bundle', () => {
  let folder: string
  let original: string
  let exported: ProtectResult
  const coded = (code: string) => expect.objectContaining({ code })
  const ownKey = Signer.generate()

  beforeAll(async () => {
    folder = await temporaryFolder()
    original = join(folder, 'tiny.sealed')
    exported = await exportTiny(folder, { signingKey: ownKey.privatePem })
  })
  afterAll(() => rm(folder, { recursive: true }))

  const opened = async (path: string, trust?: Parameters<typeof Bundle.open>[1]) => {
    const bundle = await Bundle.open(path, trust)
    await bundle.close()
    return bundle
  }

  it('is accepted by the key in the bundle, or by one that was given', async () => {
    expect((await opened(original)).signer).toEqual({ fingerprint: exported.signer, pinned: false })
    const pinned = await opened(original, { publicKey: ownKey.publicPem })
    expect(pinned.signer).toEqual({ fingerprint: exported.signer, pinned: true })
  })

  it('of another signer is refused where a key was given', async () => {
    const trust = { publicKey: Signer.generate().publicPem }
    await expect(opened(original, trust)).rejects.toThrow(coded('wrong-signer'))
  })

  it('must be there, unless unsigned bundles are allowed', async () => {
    const unsigned = join(folder, 'unsigned.sealed')
    await rewriteBundle(original, unsigned, (entries) => entries.delete(SIGNATURE_ENTRY))
    await expect(opened(unsigned)).rejects.toThrow(coded('unsigned-bundle'))
    expect((await opened(unsigned, { allowUnsigned: true })).signer).toBeUndefined()
  })

  it('must be over these entries', async () => {
    const other = await temporaryFolder()
    await exportTiny(other, { signingKey: ownKey.privatePem })
    const swapped = join(folder, 'swapped.sealed')
    let signature: Uint8Array | undefined
    await rewriteBundle(join(other, 'tiny.sealed'), join(folder, 'unused'), (entries) => {
      signature = entries.get(SIGNATURE_ENTRY)
    })
    await rewriteBundle(original, swapped, (entries) => entries.set(SIGNATURE_ENTRY, signature!))
    await expect(opened(swapped)).rejects.toThrow(coded('bad-signature'))
    await rm(other, { recursive: true })
  })

  it('cannot be replaced by an attacker where the key is pinned', async () => {
    const forged = join(folder, 'forged.sealed')
    const attacker = Signer.generate()
    await rewriteBundle(original, forged, (entries) => entries.set(SIGNER_ENTRY, Buffer.from(attacker.publicPem)))
    await expect(opened(forged, { publicKey: ownKey.publicPem })).rejects.toThrow(coded('wrong-signer'))
    await expect(opened(forged)).rejects.toThrow(coded('bad-signature'))
  })

  it('may be detached, and another signer’s', async () => {
    const witness = Signer.generate()
    const out = join(folder, 'witness.sig')
    await signBundle({ bundle: original, signingKey: witness.privatePem, out })
    const trust = { publicKey: witness.publicPem, signature: await readFile(out) }
    expect((await opened(original, trust)).signer).toMatchObject({ pinned: true })
    await expect(opened(original, { ...trust, publicKey: ownKey.publicPem })).rejects.toThrow(coded('bad-signature'))
  })

  it('leaves the owner a file that other tools read', async () => {
    const archive = await readFile(original, 'latin1')
    expect(archive).toContain('application/vnd.dev.sigstore.bundle.v0.3+json')
  })
})
