import { chmod, mkdir, readdir, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silent } from '../../src-main/core/progress.ts'
import { loadRunner } from '../../src-main/edge/load-runner.ts'
import { Bundle } from '../../src-main/files/open-bundle.ts'
import { KeyStore } from '../../src-main/owner/key-store.ts'
import { exportTiny, temporaryFolder } from './exported.ts'

describe('exports that meet trouble', () => {
  let folder: string
  const coded = (code: string) => expect.objectContaining({ code })
  beforeEach(async () => (folder = await temporaryFolder()))
  afterEach(() => rm(folder, { recursive: true }))

  it('to one path at a time: one wins, the other says so and leaves no keys', async () => {
    const both = await Promise.allSettled([exportTiny(folder), exportTiny(folder)])
    const won = both.filter(({ status }) => status === 'fulfilled')
    expect(won).toHaveLength(1)
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'output-exists' } })
    const deployments = await new KeyStore(join(folder, 'keys')).list()
    const bundle = await Bundle.open(join(folder, 'tiny.sealed'))
    await bundle.close()
    expect(deployments.map(({ id }) => id)).toEqual([bundle.manifest.deploymentId])
    expect((await readdir(folder)).sort()).toEqual(['keys', 'tiny.sealed'])
  })

  it('into a folder that does not exist', async () => {
    await expect(exportTiny(folder, { out: join(folder, 'no', 'x.sealed') })).rejects.toThrow(coded('not-writable'))
    expect(await readdir(folder)).toEqual([])
  })

  it('into a read-only folder', async () => {
    const out = await readOnlyFolder(folder)
    const before = await readdir(out)
    await expect(exportTiny(folder, { out: join(out, 'x.sealed') })).rejects.toThrow(coded('not-writable'))
    await expect(exportTiny(folder, { keysFolder: join(out, 'keys') })).rejects.toThrow(coded('not-writable'))
    expect(await readdir(out)).toEqual(before)
  })

  it('into a key store that is a file', async () => {
    await expect(exportTiny(folder, { keysFolder: process.execPath })).rejects.toThrow(coded('not-writable'))
    expect(await readdir(folder)).toEqual([])
  })

  it('whose bundle shrinks while it is in use', async () => {
    await exportTiny(folder)
    const path = join(folder, 'tiny.sealed')
    const bundle = await Bundle.open(path)
    await truncate(path, 1000)
    await expect(loadRunner(bundle, 0, { threads: 1, evaluator: 'seal' })).rejects.toThrow(coded('damaged-bundle'))
    await bundle.close()
  })

  it('whose bundle is deleted while it is in use: an open file stays readable', async () => {
    await exportTiny(folder)
    const path = join(folder, 'tiny.sealed')
    const bundle = await Bundle.open(path)
    await rm(path)
    const runner = await loadRunner(bundle, 0, { threads: 1, evaluator: 'seal' })
    expect(await runner.run(Float64Array.of(1, 2, 3, 4), silent)).toHaveLength(1)
    await runner.delete()
    await bundle.close()
  })
})

/** The superuser may write where permissions forbid it, but not among the kernel's own files. */
async function readOnlyFolder(parent: string): Promise<string> {
  if (process.getuid?.() === 0) return '/sys'
  const folder = join(parent, 'read-only')
  await mkdir(folder)
  await chmod(folder, 0o500)
  return folder
}
