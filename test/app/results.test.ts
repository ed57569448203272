import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { measureKept } from '../../src-main/core/validate/kept.ts'
import { jobResults } from '../../src-main/ipc/jobs.ts'
import { keepResult, keptResults, viewOfResult, type ResultFile } from '../../src-main/app/results.ts'
import { trimFolder } from '../../src-main/app/trim-folder.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealwright-results-'))
})
afterEach(() => rm(folder, { recursive: true }))

const fit = (minute: number): ResultFile => ({
  job: 'activations',
  when: `2026-01-02T03:${String(minute).padStart(2, '0')}:05.000Z`,
  version: '0.1.0',
  made: 'abc',
  choices: 'degree 2',
  value: { samples: 100, agreement: 0.98, layers: [] },
})

describe('results of a project', () => {
  it('come back newest first, with their choices, and without paths for the page', async () => {
    await keepResult(folder, fit(1))
    await keepResult(folder, { ...fit(2), path: '/home/someone/secret.sealed' })
    const results = await keptResults(folder)
    expect(results.map(({ when }) => when)).toEqual([fit(2).when, fit(1).when])
    expect(results[0].value).toMatchObject({ agreement: 0.98 })
    expect(JSON.stringify(results.map(viewOfResult))).not.toContain('secret')
  })

  it('are the newest ten of a kind', async () => {
    for (let minute = 0; minute < 13; minute += 1) await keepResult(folder, fit(minute))
    expect((await keptResults(folder)).map(({ when }) => when)).toEqual(
      Array.from({ length: 10 }, (_, at) => fit(12 - at).when),
    )
  })

  it('keep a fit whose outputs are not finite on a sample, of which JSON says null', async () => {
    const kept = measureKept([Float64Array.of(1, 0)], [Float64Array.of(Infinity, 0)], false)
    const value: unknown = JSON.parse(JSON.stringify({ samples: 4, agreement: 1, layers: [], kept }))
    const shown = jobResults.activations.parse(value)
    expect(shown.kept).toMatchObject({ keptLabels: 0, relativeError: Number.MAX_VALUE })
    await keepResult(folder, { ...fit(1), value: shown })
    expect((await keptResults(folder))[0].value).toEqual(shown)
  })

  it('leave out what is damaged, or has another shape', async () => {
    await keepResult(folder, fit(1))
    await writeFile(join(folder, 'damaged.json'), '{')
    await writeFile(join(folder, 'other.json'), JSON.stringify({ ...fit(2), value: { samples: 'many' } }))
    expect(await keptResults(folder)).toHaveLength(1)
    expect(await keptResults(join(folder, 'nowhere'))).toEqual([])
  })
})

describe('trimFolder', () => {
  it('removes what was written longest ago', async () => {
    for (const [name, day] of [
      ['a', 1],
      ['b', 3],
      ['c', 2],
    ] as const) {
      // prettier-ignore
      await writeFile(join(folder, name), 'x'.repeat(100))
      await utimes(join(folder, name), new Date(2026, 1, day), new Date(2026, 1, day))
    }
    await trimFolder(folder, 250)
    expect((await readdir(folder)).sort()).toEqual(['b', 'c'])
    await trimFolder(join(folder, 'nowhere'), 1)
  })
})
