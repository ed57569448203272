import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ProgressEvent, WorkContext } from '../../src-main/core/progress.ts'
import { keptFit } from '../../src-main/jobs/kept-fits.ts'

describe('a fit that is kept', () => {
  let folder: string
  let told: string[]
  let made: number
  const work: WorkContext = {
    progress: (event: ProgressEvent) => void (event.kind === 'warning' && told.push(event.message)),
    checkCancelled: () => {},
  } as WorkContext
  const make = (context: WorkContext): Promise<Float64Array> => {
    made += 1
    context.progress({ kind: 'warning', stage: 'approximate', message: 'few samples' })
    return Promise.resolve(Float64Array.of(1, made))
  }

  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'sealwright-fits-')), 'fits')
    told = []
    made = 0
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('is made once for the same things, with its warnings each time', async () => {
    const first = await keptFit(folder, { degree: 2 }, make, work)
    const second = await keptFit(folder, { degree: 2 }, make, work)
    expect([...second]).toEqual([...first])
    expect([made, told]).toEqual([1, ['few samples', 'few samples']])
  })

  it('is made anew for other things, and where its file is damaged', async () => {
    await keptFit(folder, { degree: 2 }, make, work)
    expect([...(await keptFit(folder, { degree: 4 }, make, work))]).toEqual([1, 2])
    for (const name of await readdir(folder)) await writeFile(join(folder, name), 'no fit')
    expect([...(await keptFit(folder, { degree: 2 }, make, work))]).toEqual([1, 3])
    expect([...(await keptFit(folder, { degree: 2 }, make, work))]).toEqual([1, 3])
  })

  it('is for the owner’s eyes alone', async () => {
    await keptFit(folder, {}, make, work)
    const [name] = await readdir(folder)
    const modes = await Promise.all([folder, join(folder, name)].map(async (path) => (await stat(path)).mode & 0o077))
    if (process.platform !== 'win32') expect(modes).toEqual([0, 0])
  })

  it('leaves nothing behind where it could not be made', async () => {
    const fails = (): Promise<never> => Promise.reject(new Error('cancelled'))
    await expect(keptFit(folder, {}, fails, work)).rejects.toThrow('cancelled')
    await expect(readdir(folder)).rejects.toThrow('ENOENT')
  })
})
