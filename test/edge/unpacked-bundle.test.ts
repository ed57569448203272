import { execFileSync } from 'node:child_process'
import { appendFile, cp, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { edgeRun } from '../../src-main/edge/run.ts'
import { Bundle } from '../../src-main/files/open-bundle.ts'
import { silent } from '../../src-main/core/progress.ts'
import { decrypt } from '../../src-main/owner/decrypt.ts'
import { tinyOutput } from '../bundle/tiny-plan.ts'
import { exportTiny, passphrase, temporaryFolder } from '../owner/exported.ts'
import { npy } from './npy.ts'
import { unpackBundle } from './rewrite-bundle.ts'

describe('a bundle that was unpacked to a folder', () => {
  let folder: string
  let unpacked: string

  beforeAll(async () => {
    folder = await temporaryFolder()
    unpacked = join(folder, 'tiny')
    await exportTiny(folder)
    await unpackBundle(join(folder, 'tiny.sealed'), unpacked)
  })
  afterAll(() => rm(folder, { recursive: true }))

  const opened = async (path: string): Promise<Bundle> => {
    const bundle = await Bundle.open(path)
    await bundle.close()
    return bundle
  }
  const damaged = (reason: string) =>
    expect.objectContaining({ code: 'damaged-bundle', message: expect.stringContaining(reason) })
  const changed = async (name: string, change: (copy: string) => Promise<unknown>): Promise<string> => {
    const copy = join(folder, name)
    await cp(unpacked, copy, { recursive: true })
    await change(copy)
    return copy
  }

  it('is the same bundle', async () => {
    const [archive, files] = [await opened(join(folder, 'tiny.sealed')), await opened(unpacked)]
    expect(files.sha256).toBe(archive.sha256)
    expect(files.signer).toEqual(archive.signer)
    expect(files.bytes).toBeLessThan(archive.bytes)
    expect(files.bytes).toBeGreaterThan(0.9 * archive.bytes)
  })

  it.each([1, 2])('computes on %s thread(s)', async (threads) => {
    const values = [0.3, -0.8, 1.5, 0.6]
    const input = join(folder, 'input.npy')
    await writeFile(input, npy(values))
    const out = join(folder, `${threads}.result`)
    const runner = { threads, evaluator: 'auto' as const }
    await edgeRun({ bundle: unpacked, input, out, index: 0, runner, force: false, trust: {} }, silent)
    const keysFolder = join(folder, 'keys')
    const { label } = await decrypt({ result: out, keysFolder, unlock: { passphrase }, beyondBudget: true })
    const expected = tinyOutput(values)
    expect(label).toBe(expected.indexOf(Math.max(...expected)))
  })

  it.each(['manifest.json', 'signer.pem', 'segments/0/plan.json', 'segments/0/weights.bin'])(
    'is refused where %s is longer',
    async (name) => {
      const copy = await changed(`longer-${name.replaceAll('/', '-')}`, (to) => appendFile(join(to, name), ' '))
      await expect(opened(copy)).rejects.toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^(damaged-bundle|bad-)/) }),
      )
    },
  )

  it('is refused, by name, where a file is missing or one too many', async () => {
    const fewer = await changed('fewer', (to) => rm(join(to, 'segments/0/public.key')))
    await expect(opened(fewer)).rejects.toThrow(damaged('segments/0/public.key is missing'))
    const more = await changed('more', (to) => writeFile(join(to, 'segments/README.md'), 'more'))
    await expect(opened(more)).rejects.toThrow(damaged('it holds segments/README.md, which its manifest does not list'))
  })

  it('is refused where a file is a link, and a folder of other things at once', async () => {
    const linked = await changed('linked', async (to) => {
      await rm(join(to, 'signer.pem'))
      await symlink(join(unpacked, 'signer.pem'), join(to, 'signer.pem'))
    })
    await expect(opened(linked)).rejects.toThrow(damaged('signer.pem is not a regular file'))
    const empty = join(folder, 'empty')
    await mkdir(empty)
    await expect(opened(empty)).rejects.toThrow(damaged('without manifest.json'))
  })

  it.skipIf(process.platform === 'win32')('is not waited for where it is a pipe', async () => {
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    await expect(opened(pipe)).rejects.toThrow(expect.objectContaining({ code: 'file-not-readable' }))
  })
})
