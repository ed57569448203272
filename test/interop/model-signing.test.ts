import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { cp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ensureModelSigning } from '../../scripts/model-signing.ts'
import { verifyBundle } from '../../src-main/jobs/edge-bundle.ts'
import { signBundle } from '../../src-main/owner/sign-bundle.ts'
import { silent } from '../../src-main/core/progress.ts'
import { exportTiny, temporaryFolder } from '../owner/exported.ts'

/** https://pypi.org/project/model-signing: flags with underscores where its documentation has hyphens. */
describe('the reference tool of OpenSSF Model Signing', () => {
  let python: string
  let folder: string
  let bundle: string
  let unpacked: string
  const at = (name: string): string => join(folder, name)

  beforeAll(async () => {
    python = await ensureModelSigning()
    folder = await temporaryFolder()
    bundle = at('tiny.sealed')
    unpacked = at('unpacked')
    await exportTiny(folder)
    const unzip = spawnSync(python, ['-m', 'zipfile', '-e', bundle, unpacked], { encoding: 'utf8' })
    expect(unzip.stderr).toBe('')
  }, 600_000)
  afterAll(() => rm(folder, { recursive: true }))

  const tool = (...args: string[]) =>
    spawnSync(python, ['-m', 'model_signing', ...args], { cwd: folder, encoding: 'utf8' })
  const keys = async (namedCurve: string): Promise<{ pem: string; secret: string; open: string }> => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
    const [secret, open] = [at(`${namedCurve}.key`), at(`${namedCurve}.pub`)]
    await writeFile(secret, pem)
    await writeFile(open, publicKey.export({ type: 'spki', format: 'pem' }))
    return { pem, secret, open }
  }
  const accepted = { pinned: true }

  it('accepts an unpacked bundle by the signature inside, and finds a changed byte', async () => {
    const own = ['--signature', 'unpacked/signature.json', '--public_key', 'unpacked/signer.pem']
    const verified = tool('verify', 'key', 'unpacked', ...own)
    expect(`${verified.stdout}${verified.stderr}`).toContain('Verification succeeded')
    expect(verified.status).toBe(0)
    await cp(unpacked, at('changed'), { recursive: true })
    await writeFile(at('changed/manifest.json'), '{}')
    expect(tool('verify', 'key', 'changed', ...own).status).not.toBe(0)
  })

  it.each(['P-256', 'P-384'])('accepts our detached signature on %s', async (curve) => {
    const { pem, open } = await keys(curve)
    const signature = at(`ours-${curve}.sig`)
    await signBundle({ bundle: unpacked, signingKey: pem, out: signature })
    const verified = tool('verify', 'key', 'unpacked', '--signature', signature, '--public_key', open)
    expect(`${verified.stdout}${verified.stderr}`).toContain('Verification succeeded')
  })

  it.each(['P-256', 'P-384'])('signs on %s what ours accepts, packed or not', async (curve) => {
    const { secret, open } = await keys(curve)
    const ignored = ['--ignore-paths', 'unpacked/signature.json']
    for (const [name, options] of Object.entries({ all: [], 'all-but-ours': ignored })) {
      const signature = at(`${name}-${curve}.sig`)
      const signed = tool('sign', 'key', 'unpacked', '--private_key', secret, '--signature', signature, ...options)
      expect(signed.status, signed.stderr).toBe(0)
      for (const place of [bundle, unpacked]) {
        const { signer } = await verifyBundle({ bundle: place, publicKey: open, signature }, silent)
        expect(signer).toMatchObject(accepted)
      }
    }
  })

  it('signs a folder with one file more, which ours names', async () => {
    const { secret, open } = await keys('P-256')
    await cp(unpacked, at('more'), { recursive: true })
    await writeFile(at('more/README.md'), 'not of the bundle')
    const signature = at('more.sig')
    expect(tool('sign', 'key', 'more', '--private_key', secret, '--signature', signature).status).toBe(0)
    await expect(verifyBundle({ bundle, publicKey: open, signature }, silent)).rejects.toThrow(
      'it covers README.md, which the bundle does not hold',
    )
    await expect(verifyBundle({ bundle: at('more'), publicKey: open, signature }, silent)).rejects.toThrow(
      'it holds README.md, which its manifest does not list',
    )
  })
})

it('names the commands that install the tool where it cannot be had', async () => {
  const folder = await temporaryFolder()
  vi.stubEnv('PATH', folder)
  const needed = ensureModelSigning(join(folder, 'python'))
  await expect(needed).rejects.toThrow(
    /need model-signing==1\.1\.1 .*\n.*apt-get install .*python3-venv\nRun: python3 -m venv .* -m pip install /,
  )
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})
