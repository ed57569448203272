import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { suitePage } from '../../scripts/suite/page.ts'
import { silent } from '../../src-main/core/progress.ts'
import { runSuite, type SuiteRequest } from '../../src-main/jobs/suite.ts'
import type { SuiteRow } from '../../src-main/jobs/suite-row.ts'
import { npyFile } from '../support/npy.ts'
import { tinyOnnx } from '../support/tiny-onnx.ts'

/** A network of 22 units: its parameters are as secure as any, its bundle is small. */
describe('the edge suite', () => {
  let folder: string
  let request: SuiteRequest
  const temporary = process.env.TMPDIR
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sealwright-suite-test-'))
    process.env.TMPDIR = folder
    const model = join(folder, 'tiny.onnx')
    await writeFile(model, tinyOnnx())
    const random = Array.from({ length: 64 * 16 }, (_, i) => Math.sin(i * i))
    const labels = join(folder, 'labels.npy')
    const test = join(folder, 'test.npy')
    await writeFile(test, npyFile([64, 1, 4, 4], Float64Array.from(random)))
    await writeFile(
      labels,
      npyFile(
        [64],
        Uint8Array.from({ length: 64 }, (_, i) => i % 3),
      ),
    )
    const preprocessing = { scale: 1, mean: [0], std: [1] }
    request = {
      networks: [
        { network: 'tiny', model, preprocessing, data: { calibration: test, test, labels } },
        { network: 'none', model: join(folder, 'none.onnx'), preprocessing, data: { calibration: test, test } },
      ],
      deployments: ['exact'],
      encrypted: 4,
      maxMemoryBytes: 2 ** 32,
    }
  })
  afterAll(async () => {
    if (temporary === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = temporary
    await rm(folder, { recursive: true })
  })

  const left = async (): Promise<string[]> =>
    (await readdir(folder)).filter((name) => name.startsWith('sealwright-')).sort()

  it('takes networks from their files to decrypted labels, and keeps nothing but the rows', async () => {
    const found: SuiteRow[] = []
    const rows = await runSuite(request, silent, (row) => void found.push(row))
    expect(found).toEqual(rows)
    const [tiny, none] = rows
    expect(tiny).toMatchObject({ network: 'tiny', deployment: 'exact', state: 'run', randomData: false, samples: 64 })
    expect(tiny).toMatchObject({ keptLabels: 1, encryptedSamples: 4, encryptedEqual: 4, encryptedKept: 4 })
    expect(tiny).toMatchObject({ segments: 2, refreshes: 1 })
    expect(tiny.approximatedAccuracy).toBe(tiny.originalAccuracy)
    expect(tiny.encryptedError).toBeGreaterThan(0)
    expect(tiny.encryptedError).toBeLessThan(5e-3)
    expect(tiny.edgeSeconds).toBeGreaterThan(0)
    expect(tiny.edgeCpuSeconds).toBeGreaterThan(0)
    expect(tiny.processBytes).toBeGreaterThan(tiny.edgeMemoryBytes!)
    expect(tiny.edgeMemoryBytes).toBeGreaterThan(1e5)
    expect(tiny.bundleBytes).toBeGreaterThan(1e4)
    expect(none).toMatchObject({ state: 'impossible', problem: expect.stringContaining('does not exist') })
    expect(await left()).toEqual([])
  })

  it('plans what the edge has not the memory for, on random inputs where there are no others', async () => {
    const [{ model, preprocessing }] = request.networks
    const network = { network: 'noise', model, preprocessing, data: { mean: 0, deviation: 1, samples: 30 } }
    const asked = { ...request, networks: [network], deployments: ['offline', 'two-refreshes'], maxMemoryBytes: 1 }
    const [two, offline] = await runSuite(asked as SuiteRequest, silent, () => {})
    expect(offline).toMatchObject({ deployment: 'offline', state: 'planned', refreshes: 0, randomData: true })
    expect(offline).toMatchObject({ encryptedSamples: 0, encryptedEqual: null, originalAccuracy: null })
    expect(offline.bundleBytes).toBeGreaterThan(1e4)
    expect(two).toMatchObject({ deployment: 'two-refreshes', state: 'planned' })
    expect(two.refreshes).toBeLessThanOrEqual(2)
  })

  it('stops when it is told to, and leaves no files', async () => {
    const controller = new AbortController()
    const stages = new Set<string>()
    const progress = ({ stage }: { stage: string }): void => {
      stages.add(stage)
      if (stage === 'tiny, exact: encrypt') controller.abort()
    }
    const running = runSuite(request, { progress, signal: controller.signal }, () => {})
    await expect(running).rejects.toMatchObject({ code: 'cancelled' })
    expect(await left()).toEqual([])
  })

  it('writes a page that tells what was run from what was planned and what was not', () => {
    const row: SuiteRow = {
      ...{ network: 'a', deployment: 'exact', state: 'run', randomData: false, samples: 300, originalAccuracy: 0.9 },
      choice: { degree: 2, degrees: {}, splitPools: false, split: { by: 'activations', kind: 'exact' }, cuts: [] },
      ...{ approximatedAccuracy: 0.9, keptLabels: 1, relativeError: 0, encryptedSamples: 20, encryptedAccuracy: 0.85 },
      ...{
        encryptedEqual: 20,
        encryptedKept: 20,
        encryptedError: 1e-4,
        scoreChange: null,
        edgeSeconds: 0.07,
        edgeCpuSeconds: 0.1,
      },
      ...{ edgeMemoryBytes: 44e6, processBytes: 120e6, bundleBytes: 39e6, segments: 10, refreshes: 9 },
    }
    const none = { encryptedSamples: 0, encryptedEqual: null, encryptedError: null, originalAccuracy: null }
    const planned: SuiteRow = { ...row, ...none, deployment: 'offline', state: 'planned', samples: null }
    const eightBits = { ...row, network: 'b', keptLabels: 0.97, keptClear: 0.99, clearSamples: 290 }
    const networks = ['a', 'b'].map((network) => ({ network, task: 'words' }))
    const page = suitePage(networks, {
      ...{ date: '2026-11-29', node: 'v24', machine: 'two cores', rows: [row, planned, eightBits] },
    })
    expect(page).toContain('| 97.0 % of 300 (99.0 % of 290 clear ones) |')
    const [offline, two, exact] = page.split('\n').filter((line) => line.startsWith('| a (words)'))
    expect(exact).toContain('| 100.0 % of 300 | 20 of 20 | 1e-4 | 0.070 s | 0.10 s | 44.0 MB | 120 MB | 39.0 MB | 9 |')
    expect(offline).toContain('planned')
    expect(offline).toContain('| 100.0 % | – | – |')
    expect(two).toContain('| not run |')
  })
})
