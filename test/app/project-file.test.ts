import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadProject, saveProject } from '../../src-main/app/project-file.ts'
import { Project } from '../../src-main/app/project.ts'

const model = join(import.meta.dirname, '..', '..', 'assets', 'lenet5.onnx')

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealwright-project-'))
  path = join(folder, 'mine.sealproj')
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  await work.then(
    () => 'no error',
    (error: { code: string }) => error.code,
  )

describe('project files', () => {
  it('come back with every choice, and leave nothing else behind', async () => {
    const project = new Project('file', model, 1)
    project.choose({ degree: 4, splitPools: true, input: 'plain', calibration: '/data/c.npz', labels: '/data/y.txt' })
    project.choose({ calibrationLabels: '/data/c.npz', quantities: true })
    await saveProject(project, path)
    await saveProject(project, path)
    const again = await loadProject(path)
    expect(again.choices).toEqual(project.choices)
    expect(again.view).toMatchObject({ fileName: 'lenet5.onnx', canUndo: false })
    expect(await readdir(folder)).toEqual(['mine.sealproj'])
  })

  it('hold the last of choices that were made faster than they are written', async () => {
    const project = new Project('file', model, 1)
    const writes = Array.from({ length: 30 }, (_, i) => {
      project.choose({ calibration: `/data/${i}.npz` })
      return saveProject(project, path)
    })
    await Promise.all(writes)
    expect((await loadProject(path)).choices.calibration).toBe('/data/29.npz')
    expect(await readdir(folder)).toEqual(['mine.sealproj'])
  })

  it('come back with the screen and the tests', async () => {
    const project = new Project('file', model, 248_864)
    project.stage = 'splits'
    project.choose({ split: { by: 'cuts', cuts: [{ after: 'relu_2', kind: 'exact' }] } })
    project.noteTest({ when: '2026-01-02T03:04:05.000Z', what: 'A drawing', samples: 1, same: 1, seconds: 0.5 })
    await saveProject(project, path)
    expect((await loadProject(path)).view).toEqual({ ...project.view, fileBytes: 248_864, canUndo: false })
  })

  it('of the first version open with what they had', async () => {
    const choices = { preprocessing: { scale: 1, mean: [0], std: [1] }, degree: 4, input: 'plain' }
    await writeFile(path, JSON.stringify({ format: 'sealwright-project', version: 1, kind: 'file', model, choices }))
    const { view } = await loadProject(path)
    expect(view).toMatchObject({ stage: 'model', tests: [], choices: { degree: 4, input: 'plain', reveal: 'label' } })
  })

  it('of a later version say so', async () => {
    await saveProject(new Project('file', model, 1), path)
    const content = JSON.parse(await readFile(path, 'utf8')) as object
    await writeFile(path, JSON.stringify({ ...content, version: 8 }))
    expect(await codeOf(loadProject(path))).toBe('unsupported-project-version')
  })

  it.each([
    ['not JSON', '{"format": '],
    ['something else', '{"name": "sealwright"}'],
    ['with an unknown field', '{"format":"sealwright-project","version":1,"kind":"file","model":"/m","shell":"id"}'],
    ['far too large', ' '.repeat(1_000_001)],
  ])('are refused where they are %s', async (_why, content) => {
    await writeFile(path, content)
    expect(await codeOf(loadProject(path))).toBe('not-a-project')
  })

  it('say which network is missing', async () => {
    await saveProject(new Project('file', join(folder, 'gone.onnx'), 1), path)
    expect(await codeOf(loadProject(path))).toBe('file-not-found')
  })
})
