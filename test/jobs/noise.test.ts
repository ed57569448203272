import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silent } from '../../src-main/core/progress.ts'
import { sealAndTry, sealedTrial } from '../../src-main/jobs/seal-and-try.ts'
import { tryBundle } from '../../src-main/jobs/try-bundle.ts'
import { answersOf } from '../../src-renderer/answers.ts'
import { npyFile } from '../support/npy.ts'
import { tinyOnnx } from '../support/tiny-onnx.ts'

describe('an input on which the polynomials overflow', () => {
  let folder: string
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'sealwright-noise-'))))
  afterAll(() => rm(folder, { recursive: true }))

  it('is noise by itself, and ends no test of others', async () => {
    const [model, calibration, test] = ['tiny.onnx', 'calibration.npy', 'test.npy'].map((name) => join(folder, name))
    await writeFile(model, tinyOnnx())
    const values = Float64Array.from({ length: 64 * 16 }, (_, i) => Math.sin(i * i))
    await writeFile(calibration, npyFile([64, 1, 4, 4], values))
    const far = 1
    const moved = values.map((value, i) => (Math.floor(i / 16) === far ? 1e5 * value : value))
    await writeFile(test, npyFile([64, 1, 4, 4], moved))
    const inputs = Array.from({ length: 4 }, (_, index) => ({ path: test, index }))
    const preprocessing = { scale: 1, mean: [0], std: [1] }
    const request = { model, preprocessing, degree: 2, input: 'encrypted', calibration, folder } as const
    const { tested: batch } = await sealAndTry({ ...request, inputs }, silent)
    // Three run by themselves, four through a bundle that is loaded once.
    const single = await tryBundle({ ...request, ...(await sealedTrial(folder)), inputs: inputs.slice(0, 3) }, silent)
    for (const { samples } of [batch, single]) {
      for (const [i, sample] of samples.entries()) {
        expect(sample.encrypted).toBe(i === far ? undefined : sample.polynomial)
        expect(answersOf(sample, false).encrypted).toBe(i === far ? 'noise' : `${sample.polynomial}`)
      }
    }
  })
})
