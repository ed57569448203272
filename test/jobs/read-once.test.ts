import files, { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest'
import { silent } from '../../src-main/core/progress.ts'
import { KeyStore } from '../../src-main/owner/key-store.ts'
import { approximate } from '../../src-main/jobs/approximate.ts'
import { protect } from '../../src-main/jobs/protect.ts'
import { model, node, tensor } from '../onnx/small-model.ts'
import { npyFile } from '../support/npy.ts'

/** ONNX Runtime opens the file by itself, and what it computes is compared with what was read. */
describe('a job reads the model file once, so that all it says is of the same bytes', () => {
  let folder: string
  let reads: MockInstance<typeof files.readFile>
  const bytes = model(
    ['N', 1, 2, 2],
    [node('Flatten', 'x', 'f'), node('Gemm', 'f v', 'g'), node('Relu', 'g', 'r'), node('Gemm', 'r w', 'y')],
    { v: tensor(4, 3), w: tensor(3, 2) },
  )
  const path = () => join(folder, 'network.onnx')
  const data = () => join(folder, 'x.npy')

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sealwright-read-once-'))
    await writeFile(path(), bytes)
    const values = Float32Array.from({ length: 240 }, (_, i) => Math.sin(1.7 * i) + Math.sin(0.3 * i))
    await writeFile(data(), npyFile([60, 1, 2, 2], values))
  })
  afterAll(() => rm(folder, { recursive: true }))
  beforeEach(() => {
    reads = vi.spyOn(files, 'readFile')
    syncBuiltinESMExports()
  })
  afterEach(() => {
    reads.mockRestore()
    syncBuiltinESMExports()
  })

  const readsOfModel = () => reads.mock.calls.filter(([read]) => read === path()).length
  const fitting = () => ({
    model: path(),
    calibration: data(),
    preprocessing: { scale: 1, mean: [0], std: [1] },
    degree: 2 as const,
    tuningEpochs: 0,
    input: 'plain' as const,
    force: true,
  })
  const sealing = () => ({
    ...fitting(),
    keys: join(folder, 'keys'),
    out: join(folder, 'network.sealed'),
    passphrase: 'five random words make one',
  })

  it('protect, where the network is looked at before it is compiled', async () => {
    const { deployment } = await protect({ ...sealing(), quantities: true }, silent)
    expect(readsOfModel()).toBe(1)
    const { model: sealed } = await new KeyStore(sealing().keys).read(deployment)
    expect(sealed.quantities).toBe(true)
    expect(sealed.sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
  })

  it('approximate', async () => {
    await approximate({ ...fitting(), out: join(folder, 'polynomial.onnx') }, silent)
    expect(readsOfModel()).toBe(1)
  })
})
