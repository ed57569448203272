import { describe, expect, it } from 'vitest'
import { classNamesIn, classNamesOfNodes } from '../../src-main/core/onnx/class-names.ts'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { model, node } from './small-model.ts'
import type { TestTensor } from './write-model.ts'

const names = ['cat', "dog's", 'ship']

describe('names of classes in a model’s metadata', () => {
  it.each([
    ['names', `{0: 'cat', 1: "dog's", 2: 'ship'}`],
    ['names', `{2: 'ship', 0: 'cat', 1: "dog's"}`],
    ['class_names', JSON.stringify(names)],
    ['id2label', JSON.stringify({ 0: 'cat', 1: "dog's", 2: 'ship' })],
    ['Labels', `['cat', "dog's", 'ship']`],
    ['classes', "cat, dog's, ship"],
    ['classes', "cat\ndog's\nship\n"],
  ])('%s: %s', (key, text) => {
    expect(classNamesIn(new Map([[key, text]]), 3)).toEqual(names)
  })

  it.each([
    ['names', `{0: 'cat', 2: 'ship'}`],
    ['names', `{1: 'cat', 2: 'dog', 3: 'ship'}`],
    ['classes', 'cat,cat,ship'],
    ['classes', '{"a": 1}'],
    ['author', 'cat,dog,ship'],
  ])('are not taken from %s: %s', (key, text) => {
    expect(classNamesIn(new Map([[key, text]]), 3)).toBeUndefined()
  })
})

describe('names of classes in a model’s nodes', () => {
  const lookup = (table: TestTensor): Uint8Array =>
    model(
      ['N', 3],
      [
        node('Softmax', 'x', 'p'),
        node('ArgMax', 'p', 'best', { axis: 1, keepdims: 0 }),
        node('Reshape', 'best shape', 'place'),
        node('Gather', 'table place', 'y'),
      ],
      { table, shape: { shape: [1], values: [-1], type: 'int64' } },
    )

  it('are those among which the label is looked up', () => {
    const graph = readOnnx(lookup({ shape: [3], values: [30, 10, 20], type: 'int64' }))
    expect(classNamesOfNodes(graph, 3)).toEqual(['30', '10', '20'])
    expect(classNamesOfNodes(graph, 4)).toBeUndefined()
  })

  it('are none where they are the numbers from 0', () => {
    const graph = readOnnx(lookup({ shape: [3], values: [0, 1, 2], type: 'int64' }))
    expect(classNamesOfNodes(graph, 3)).toBeUndefined()
  })

  it('are those of a classifier or a map of probabilities', () => {
    const map = { ...node('ZipMap', 'x', 'y'), domain: 'ai.onnx.ml' }
    const graph = readOnnx(model(['N', 3], [{ ...map, attributes: { classlabels_int64s: [4, 5, 6] } }]))
    expect(classNamesOfNodes(graph, 3)).toEqual(['4', '5', '6'])
  })
})
