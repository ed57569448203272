import { describe, expect, it } from 'vitest'
import { parametersOfGraph } from '../../src-main/core/graph/parameters.ts'
import type { Graph, Tensor } from '../../src-main/core/graph/graph.ts'

const tensor = (length: number, elementType: Tensor['elementType'] = 'float'): Tensor => ({
  elementType,
  shape: [length],
  data: new Float64Array(length),
})
const node = (operator: string, ...inputs: string[]) => ({
  name: `${operator}_${inputs.join('_')}`,
  operator,
  domain: '',
  inputs,
  outputs: [`${operator}_out`],
  attributes: {},
})
const graph = (constants: Record<string, Tensor>, ...nodes: Graph['nodes'][number][]): Graph => ({
  name: 'g',
  producer: '',
  opset: 17,
  inputs: [],
  outputs: [],
  nodes,
  constants: new Map(Object.entries(constants)),
})

describe('parameters of a file', () => {
  it('are its trained numbers: weights and biases, each once, and no shapes, bounds or formulas', () => {
    const constants = { w: tensor(64), b: tensor(8), shape: tensor(4, 'int'), six: tensor(1), half: tensor(1) }
    const nodes = [
      node('Conv', 'x', 'w', 'b'),
      node('Conv', 'y', 'w', 'b'),
      node('Reshape', 'y', 'shape'),
      node('Clip', 'y', 'six', 'six'),
      node('Mul', 'y', 'half'),
    ]
    expect(parametersOfGraph(graph(constants, ...nodes))).toBe(72)
  })

  it('count trained scales of batch normalisation and not its running statistics', () => {
    const constants = { scale: tensor(16), bias: tensor(16), mean: tensor(16), variance: tensor(16) }
    const normalisation = node('BatchNormalization', 'x', 'scale', 'bias', 'mean', 'variance')
    expect(parametersOfGraph(graph(constants, normalisation))).toBe(32)
  })

  it('count integers of a quantised network without their scales', () => {
    const constants = { q: tensor(100, 'int'), s: tensor(10), z: tensor(10, 'int'), bias: tensor(10, 'int') }
    const nodes = [node('DequantizeLinear', 'q', 's', 'z'), node('DequantizeLinear', 'bias', 's', 'z')]
    expect(parametersOfGraph(graph(constants, ...nodes))).toBe(110)
  })
})
