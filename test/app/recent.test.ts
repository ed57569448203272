import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RecentFiles } from '../../src-main/app/recent.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealwright-recent-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

const file = async (name: string): Promise<string> => {
  const path = join(folder, name)
  await writeFile(path, '')
  return path
}

describe('recent files', () => {
  it('come newest first, once each, by name and folder only', async () => {
    const recent = new RecentFiles(join(folder, 'recent.json'))
    const [one, two] = [await file('one.onnx'), await file('two.sealproj')]
    for (const path of [one, two, one]) await recent.note(path)
    const views = await recent.views()
    expect(views.map(({ fileName }) => fileName)).toEqual(['one.onnx', 'two.sealproj'])
    expect(JSON.stringify(views)).not.toContain(tmpdir())
    expect(await recent.at(1)).toBe(two)
  })

  it('leave out what is no longer there', async () => {
    const recent = new RecentFiles(join(folder, 'recent.json'))
    const [gone, kept] = [await file('gone.onnx'), await file('kept.onnx')]
    await recent.note(gone)
    await recent.note(kept)
    await rm(gone)
    expect((await recent.views()).map(({ fileName }) => fileName)).toEqual(['kept.onnx'])
    await expect(recent.at(1)).rejects.toMatchObject({ code: 'file-not-found' })
  })

  it('are at most a dozen', async () => {
    const recent = new RecentFiles(join(folder, 'recent.json'))
    for (let at = 0; at < 15; at += 1) await recent.note(await file(`${at}.onnx`))
    const views = await recent.views()
    expect(views).toHaveLength(12)
    expect(views[0].fileName).toBe('14.onnx')
  })

  it('start anew where their file is damaged', async () => {
    await writeFile(join(folder, 'recent.json'), '[{"path": 1}')
    expect(await new RecentFiles(join(folder, 'recent.json')).views()).toEqual([])
  })
})
