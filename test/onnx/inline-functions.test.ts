import { describe, expect, it } from 'vitest'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { differenceFromRuntime, importModel } from '../models/compare.ts'
import { writeModel, type TestModel } from './write-model.ts'

const vector = (name: string) => ({ name, shape: ['N', 4] })
const scaled: NonNullable<TestModel['functions']>[number] = {
  name: 'LeakyTwice',
  domain: 'local',
  inputs: ['a'],
  outputs: ['b'],
  attributes: ['slope'],
  nodes: [
    { operator: 'LeakyRelu', inputs: ['a'], outputs: ['t'], attributes: { alpha: '@slope' } },
    { operator: 'Add', inputs: ['t', 't'], outputs: ['b'] },
  ],
}
const call = (input: string, output: string, slope: number) => ({
  operator: 'LeakyTwice',
  domain: 'local',
  inputs: [input],
  outputs: [output],
  attributes: { slope: { float: slope } },
})

describe('model-local functions', () => {
  it('are expanded with their attributes, as often as they are called', async () => {
    const bytes = writeModel({
      inputs: [vector('x')],
      outputs: [vector('y')],
      nodes: [call('x', 'm', 0.25), call('m', 'y', 0.5)],
      functions: [scaled],
    })
    const graph = readOnnx(bytes)
    expect(graph.nodes.map(({ operator }) => operator)).toEqual(['LeakyRelu', 'Add', 'LeakyRelu', 'Add'])
    expect(new Set(graph.nodes.map(({ name }) => name)).size).toBe(4)
    expect(await differenceFromRuntime(importModel(bytes), bytes)).toBeLessThan(1e-6)
  })

  it('keep their own operator set', async () => {
    const mean = { name: 'Mean', domain: 'local', inputs: ['a'], outputs: ['b'], opset: 17 }
    const nodes = [{ operator: 'ReduceMean', inputs: ['a'], outputs: ['b'], attributes: { axes: [1] } }]
    const spelled = { operator: 'ReduceMean', inputs: ['x', 'axes'], outputs: ['y'] }
    const constants = { axes: { shape: [1], values: [1], type: 'int64' as const } }
    const outputs = [{ name: 'y', shape: ['N', 1, 3] }]
    const inputs = [{ name: 'x', shape: ['N', 4, 3] }]
    const calling = { operator: 'Mean', domain: 'local', inputs: ['x'], outputs: ['y'] }
    const bytes = writeModel({ opset: 18, inputs, outputs, nodes: [calling], functions: [{ ...mean, nodes }] })
    const written = writeModel({ opset: 18, inputs, outputs, nodes: [spelled], constants })
    expect(await differenceFromRuntime(importModel(bytes), written)).toBeLessThan(1e-6)
  })

  it('that call themselves are refused', () => {
    const endless = { ...scaled, nodes: [{ ...call('a', 'b', 1) }] }
    const bytes = writeModel({
      inputs: [vector('x')],
      outputs: [vector('y')],
      nodes: [call('x', 'y', 1)],
      functions: [endless],
    })
    expect(() => readOnnx(bytes)).toThrow(/nested too deeply|calls itself/)
  })

  it('that double at every level are refused before they fill memory', () => {
    const functions = Array.from({ length: 40 }, (_, level) => ({
      name: `f${level}`,
      domain: 'local',
      inputs: ['a'],
      outputs: ['b'],
      nodes: [
        { operator: `f${level + 1}`, domain: 'local', inputs: ['a'], outputs: ['t'] },
        { operator: `f${level + 1}`, domain: 'local', inputs: ['t'], outputs: ['b'] },
      ],
    }))
    const nodes = [{ operator: 'f0', domain: 'local', inputs: ['x'], outputs: ['y'] }]
    const bytes = writeModel({ inputs: [vector('x')], outputs: [vector('y')], nodes, functions })
    expect(() => readOnnx(bytes)).toThrow(/more than 100000 nodes/)
  })
})
