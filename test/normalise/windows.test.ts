import { describe, expect, it } from 'vitest'
import { differenceFromRuntime, importModel } from '../models/compare.ts'
import { errorOf, integers, model, node, tensor } from '../onnx/small-model.ts'
import type { TestAttribute, TestTensor } from '../onnx/write-model.ts'

const column = ['N', 3, 9, 1]
const row = ['N', 3, 1, 9]

type Window = readonly [operator: string, attributes: Record<string, TestAttribute>, weight?: TestTensor]

/** Kernels that are not square and wider than the image, with the pads that make room. */
const windows = (rows: number, columns: number): Window[] => {
  const pads = [Math.floor(rows / 2), Math.floor(columns / 2), Math.floor(rows / 2), Math.floor(columns / 2)]
  const kernel = { kernel_shape: [rows, columns], pads }
  return [
    ['Conv', { pads }, tensor(4, 3, rows, columns)],
    ['Conv', { pads, group: 3 }, tensor(3, 1, rows, columns)],
    ['Conv', { auto_pad: 'SAME_LOWER' }, tensor(2, 3, rows, columns)],
    ['ConvTranspose', { pads }, tensor(3, 2, rows, columns)],
    ['AveragePool', { ...kernel, count_include_pad: 1 }],
    ['AveragePool', { ...kernel, strides: [2, 1] }],
    ['MaxPool', kernel],
  ]
}

describe('windows on signals that are written as columns and rows', () => {
  const cases = [
    { shape: column, rows: 5, columns: 3 },
    { shape: column, rows: 3, columns: 5 },
    { shape: row, rows: 3, columns: 5 },
  ].flatMap(({ shape, rows, columns }) => windows(rows, columns).map((window) => ({ shape, window, rows, columns })))

  it.each(cases)('$window.0 of $rows × $columns on [$shape]', async ({ shape, window: [operator, attributes, w] }) => {
    const bytes = model(shape, [node(operator, w ? 'x w' : 'x', 'y', attributes)], w && { w })
    expect(await differenceFromRuntime(importModel(bytes), bytes)).toBeLessThan(1e-5)
  })
})

describe('a window far larger than its image', () => {
  it.each([
    ['MaxPool', { auto_pad: 'SAME_LOWER' }],
    ['MaxPool', { pads: [2 ** 40 - 1, 0] }],
    ['AveragePool', { auto_pad: 'SAME_UPPER' }],
    ['AveragePool', { pads: [0, 2 ** 40 - 1], count_include_pad: 1 }],
  ])('of %s with %j is refused before its places are counted', (operator, attributes) => {
    const bytes = model(['N', 2, 7], [node(operator, 'x', 'y', { ...attributes, kernel_shape: [2 ** 40] })])
    const { code, message } = errorOf(() => importModel(bytes))
    expect(code).toBe('bad-node')
    expect(message).toContain('its kernel [1099511627776] is far larger than its input [7]')
  })

  it('one somewhat larger is not', async () => {
    const bytes = model(['N', 2, 3], [node('MaxPool', 'x', 'y', { kernel_shape: [9], auto_pad: 'SAME_UPPER' })])
    expect(await differenceFromRuntime(importModel(bytes), bytes)).toBeLessThan(1e-5)
  })
})

describe('windows on a part of what an activation gives', () => {
  const parts: [axis: number, from: number, to: number][] = [
    ...([2, 3] as const).flatMap((axis): [number, number, number][] => [
      [axis, 0, 4],
      [axis, 2, 6],
      [axis, 1, 5],
    ]),
    [1, 0, 2],
  ]
  const cases = parts.flatMap(([axis, from, to]) => {
    const channels = axis === 1 ? to - from : 3
    const pads = [1, 1, 1, 1]
    const here: Window[] = [
      ['MaxPool', { kernel_shape: [2, 2], auto_pad: 'SAME_UPPER' }],
      ['MaxPool', { kernel_shape: [3, 3], strides: [2, 2], pads }],
      ['AveragePool', { kernel_shape: [3, 3], pads }],
      ['Conv', { pads }, tensor(2, channels, 3, 3)],
      ['ConvTranspose', { pads }, tensor(channels, 2, 3, 3)],
    ]
    return here.map((window) => ({ axis, from, to, window }))
  })

  it.each(cases)(
    '$window.0 of $from to $to along $axis',
    async ({ axis, from, to, window: [operator, attributes, w] }) => {
      const nodes = [
        node('Relu', 'x', 'r'),
        node('Slice', 'r from to axis', 'p'),
        node(operator, w ? 'p w' : 'p', 'y', attributes),
      ]
      const part = { from: integers(from), to: integers(to), axis: integers(axis) }
      const bytes = model(['N', 3, 6, 6], nodes, { ...part, ...(w && { w }) })
      expect(await differenceFromRuntime(importModel(bytes), bytes)).toBeLessThan(1e-5)
    },
  )
})
