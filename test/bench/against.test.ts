import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { newest, withRatios, withRows, type HistoryRow } from './history.ts'
import { renderPage } from './page.ts'
import { ratioRows } from './ratios.ts'
import type { BenchRow } from './row.ts'

const row = (values: Partial<BenchRow>): BenchRow => ({
  ...{ network: 'lenet', input: 'encrypted', evaluator: 'relaxed-simd-f64', threads: 2, batch: 1 },
  ...{ imagesPerSecond: 5, polyModulusDegree: 16384, wallMs: 200, cpuMs: 380, rotationMs: 34, wallOverR: 6 },
  ...{ encryptionRatio: 0.1, encryptMs: 4, products: 280, rotations: 83, relinearisations: 26 },
  ...{ outsideSealPercent: 0.7, peakRssBytes: 6e8, rssBytes: [6e8, 6e8] as const, bundleBytes: 19e7, keyBytes: 56e6 },
  ...{ planMs: 900, exportMs: 5000, loadMs: 2000, loadCpuMs: 2600, layers: [], worstRelativeError: 9e-6 },
  ...{ labelsEqual: '20/20', ...values },
})

/** What a build wrote that did not measure processor time. */
const { cpuMs: _cpuMs, loadCpuMs: _loadCpuMs, ...earlier } = row({ wallMs: 400, keyBytes: 168e6 })

describe('ratios of this build to another', () => {
  test('each measure that both have is a row with its field, both values and their ratio', () => {
    const rows = ratioRows([row({})], [earlier], 'ce9f38c')
    expect(rows.find(({ measure }) => measure === 'keyBytes')).toEqual({
      ...{ measure: 'keyBytes', network: 'lenet', input: 'encrypted', evaluator: 'relaxed-simd-f64', threads: 2 },
      ...{ batch: 1, labelsEqual: '20/20', keyBytes: 56e6, ratio: 1 / 3 },
      against: { revision: 'ce9f38c', keyBytes: 168e6, labelsEqual: '20/20' },
    })
    expect(rows.map(({ measure }) => measure)).not.toContain('cpuMs')
    expect(ratioRows([row({})], [{ ...earlier, cpuMs: 760 }], 'REV').find((r) => r.measure === 'cpuMs')?.ratio).toBe(
      0.5,
    )
  })

  test('over several turns, values are medians and labels are the worst', () => {
    const today = [row({ wallMs: 100 }), row({ wallMs: 900, labelsEqual: '9/20' }), row({ wallMs: 200 })]
    const other = [400, 800, 300].map((wallMs) => ({ ...earlier, wallMs }))
    const [wall] = ratioRows(today, other, 'REV')
    expect(wall).toMatchObject({ measure: 'wallMs', wallMs: 200, ratio: 0.5, labelsEqual: '9/20' })
    expect(wall.against).toMatchObject({ wallMs: 400, labelsEqual: '20/20' })
  })

  test('builds that ran on different evaluators are not compared', () => {
    expect(() => ratioRows([row({})], [{ ...earlier, evaluator: 'seal' }], 'REV')).toThrow(
      'REV measured “lenet, encrypted, seal, 2, 1”, this build “lenet, encrypted, relaxed-simd-f64, 2, 1”',
    )
  })
})

describe('the history', () => {
  const measured = { commit: 'abc', date: '2026-11-29', machine: 'two cores' }
  const first: HistoryRow = { ...row({ wallMs: 400 }), ...measured, build: '0.1.0' }
  const second: HistoryRow = { ...row({ wallMs: 200 }), ...measured, build: '0.2.0' }

  test('keeps what earlier builds measured, and replaces what this one did', () => {
    const again = { ...second, wallMs: 210 }
    const oneThread = { ...second, threads: 1 }
    expect(withRows([first, second], [again, oneThread])).toEqual([first, again, oneThread])
    expect(newest([first, second, oneThread])).toEqual([second, oneThread])
  })

  test('keeps ratios to other commits', () => {
    const ratio = (revision: string, wallMs: number) => ({
      ...measured,
      ...ratioRows([row({ wallMs })], [earlier], revision)[0],
      build: '0.2.0',
    })
    const [base, other] = [ratio('ce9f38c', 200), ratio('other', 200)]
    expect(withRatios([base, other], [ratio('ce9f38c', 100)]).map((r) => r.ratio)).toEqual([0.5, 0.25])
  })

  test('every build has its line on the page', () => {
    const page = renderPage([first, second], [])
    for (const build of ['0.1.0', '0.2.0']) expect(page).toContain(`| ${build} | abc | 2026-11-29 |`)
  })
})

test('a revision that is none is refused before anything is measured', async () => {
  const main = fileURLToPath(new URL('main.ts', import.meta.url))
  const running = promisify(execFile)(process.execPath, [main, '--against', 'no-such-revision'])
  await expect(running).rejects.toMatchObject({
    code: 1,
    stderr: '“no-such-revision” names no commit of this repository. A shallow clone has only the newest.\n',
  })
})
