import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { approximate } from '../../src-main/core/approximate/approximate.ts'
import { countMultiplications } from '../../src-main/core/network/count-multiplications.ts'
import type { LayerModel } from '../../src-main/core/network/layer-model.ts'
import type { PolynomialModel } from '../../src-main/core/network/polynomial-model.ts'
import { silent } from '../../src-main/core/progress.ts'
import { scheduleOf } from '../../src-main/core/tune/schedule.ts'
import { openNetworkFile } from '../../src-main/jobs/open-network.ts'
import { tinyOnnx } from '../support/tiny-onnx.ts'

let model: LayerModel
let fitted: PolynomialModel
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sealwright-schedule-'))
  try {
    const file = join(folder, 'tiny.onnx')
    await writeFile(file, tinyOnnx())
    ;({ model } = await openNetworkFile({ model: file }))
    const samples = Array.from({ length: 40 }, (_, s) => Float64Array.from({ length: 16 }, (__, k) => Math.sin(s * k)))
    fitted = await approximate(model, samples, { degree: 2, tuningEpochs: 0 }, silent)
  } finally {
    await rm(folder, { recursive: true })
  }
})

/** A network of so many multiplications. */
const large = (multiplications: number): LayerModel => {
  const times = Math.round(multiplications / countMultiplications(model))
  return { ...model, layers: Array.from({ length: times }, () => model.layers).flat() }
}

it('shows a thousand pictures twice as often where they may be mirrored', () => {
  const epochs = (movements: Parameters<typeof scheduleOf>[3]) => scheduleOf(model, fitted, 1000, movements, {}).epochs
  expect(epochs(['shift rows'])).toBe(45)
  expect(epochs(['shift rows', 'mirror'])).toBe(90)
})

it('does so for at most half of what may be spent, and never shows them less often for it', () => {
  // 3e12 multiplications, of which an epoch of a thousand samples takes four of the network a sample.
  const epochs = (affordable: number) =>
    scheduleOf(large(3e12 / 4000 / affordable / 1.0001), fitted, 1000, ['mirror'], {}).epochs
  expect(epochs(140)).toBe(70)
  expect(epochs(60)).toBe(45)
  expect(epochs(30)).toBe(30)
})

it('takes the number that it is told', () => {
  expect(scheduleOf(model, fitted, 1000, ['mirror'], 7).epochs).toBe(7)
  expect(scheduleOf(model, fitted, 1000, ['mirror'], { atMost: 8 }).epochs).toBe(8)
})
