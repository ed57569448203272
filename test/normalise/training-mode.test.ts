import { describe, expect, it } from 'vitest'
import { differenceFromRuntime, importModel } from '../models/compare.ts'
import { errorOf, model, node, scalar, tensor } from '../onnx/small-model.ts'
import type { TestAttribute } from '../onnx/write-model.ts'

const positive = { shape: [2], values: [1, 2] }
const statistics = { s: positive, b: tensor(2), m: tensor(2), v: positive }
const batchNormalization = (outputs: readonly string[], attributes: Record<string, TestAttribute> = {}) => ({
  ...node('BatchNormalization', 'x s b m v', 'y', attributes),
  outputs,
})
const bool = (value: 0 | 1) => ({ shape: [], values: [value], type: 'bool' as const })

describe('networks exported in training mode', () => {
  it('are refused for a BatchNormalization with further outputs, as before operator set 14', () => {
    const bytes = model(['N', 2, 4, 4], [batchNormalization(['y', 'a', 'b2', 'c', 'd'])], statistics, { opset: 9 })
    expect(errorOf(() => importModel(bytes)).message).toMatch(/BatchNormalization .*training mode/)
  })

  it('are refused for a BatchNormalization that says so, as since operator set 14', () => {
    const bytes = model(['N', 2, 4, 4], [batchNormalization(['y', 'a', 'b2'], { training_mode: 1 })], statistics)
    expect(errorOf(() => importModel(bytes)).message).toMatch(/training mode/)
  })

  it('are refused for a Dropout that drops', () => {
    const bytes = model(['N', 4], [node('Dropout', 'x r t', 'y')], { r: scalar(0.25), t: bool(1) })
    expect(errorOf(() => importModel(bytes)).message).toMatch(/Dropout .*training mode: it drops values at random/)
  })

  it('are what they are without training where a Dropout drops nothing', async () => {
    for (const constants of [
      { r: scalar(0), t: bool(1) },
      { r: scalar(0.25), t: bool(0) },
    ]) {
      const bytes = model(['N', 4], [node('Dropout', 'x r t', 'y')], constants)
      expect(await differenceFromRuntime(importModel(bytes), bytes)).toBeLessThan(1e-6)
    }
  })
})
