import { describe, expect, it } from 'vitest'
import { activationFunction, neverFalls } from '../../src-main/core/network/activations.ts'
import { activationNames, activationTable } from '../../src-main/core/network/activation-table.ts'
import { replacePools } from '../../src-main/core/network/contrasts.ts'
import { familyOf } from '../../src-main/core/network/family.ts'
import { INPUT, type LayerModel } from '../../src-main/core/network/layer-model.ts'

/** As ONNX has them where a file says nothing. */
const usual = { alpha: 0.2, beta: 0.5, gamma: 1.05, min: 0, max: 6, slope: 0.25, tanh: 0 }
const points = Array.from({ length: 801 }, (_, at) => at / 20 - 20)

describe.each(activationNames)('%s', (operator) => {
  const f = activationFunction({ operator, parameters: usual })
  const values = points.map(f)

  it('rises where its row says so', () => {
    if (!neverFalls({ operator, parameters: usual })) return
    expect(values.every((value, at) => at === 0 || value >= values[at - 1])).toBe(true)
  })

  it('stays within the range of its row', () => {
    const [least, greatest] = activationTable[operator].range ?? [-Infinity, Infinity]
    expect(Math.min(...values)).toBeGreaterThanOrEqual(least)
    expect(Math.max(...values)).toBeLessThanOrEqual(greatest)
  })

  it('is drawn as an activation', () => {
    expect(familyOf(operator)).toBe('activation')
  })
})

it.each(['LeakyRelu', 'Elu', 'HardSigmoid'])('%s with a negative slope falls', (operator) => {
  expect(neverFalls({ operator, parameters: usual })).toBe(true)
  const parameters = { ...usual, alpha: -0.5 }
  const f = activationFunction({ operator, parameters })
  expect(f(-1)).toBeGreaterThan(f(-0.5))
  expect(neverFalls({ operator, parameters })).toBe(false)
  expect(neverFalls({ operator, parameters: { ...usual, alpha: Float64Array.of(0.5, -0.5) } })).toBe(false)
})

it('an activation that falls is not taken behind the maximum that reads it', () => {
  const model = (alpha: number): LayerModel => ({
    name: 'leaky',
    input: { name: 'x', shape: [1, 2, 2], onnxShape: [1, 1, 2, 2], layout: 'nchw' },
    layers: [
      { kind: 'activation', id: 'leaky', sources: [], shape: [1, 2, 2], input: INPUT, activation: { operator: 'LeakyRelu', parameters: { alpha } } }, // prettier-ignore
      { kind: 'max-pool', id: 'pool', sources: [], shape: [1, 1, 1], input: 'leaky', kernel: [2, 2], strides: [2, 2], dilations: [1, 1], pads: [0, 0, 0, 0] }, // prettier-ignore
    ],
    output: 'pool',
    finish: 'none',
  })
  const kinds = (alpha: number) => replacePools(model(alpha)).layers.map(({ kind }) => kind)
  expect(kinds(0.1)).toEqual(['linear', 'contrast-max'])
  expect(kinds(-0.1)).toEqual(['activation', 'linear', 'contrast-max'])
})
