import { expect, it } from 'vitest'
import type { Node } from '../../src-main/core/graph/graph.ts'
import { normalise } from '../../src-main/core/normalise/normalise.ts'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { runLayers } from '../../src-main/core/network/run-layers.ts'
import { model, node, scalar } from '../onnx/small-model.ts'

const length = 4000
const names = Array.from({ length: length + 1 }, (_, i) => (i === 0 ? 'x' : i === length ? 'y' : `t${i}`))
const nodes = names.slice(1).map((output, i) => node('Add', `${names[i]} c`, output))

it('imports a chain of 4,000 nodes in work that grows with their number', () => {
  const graph = readOnnx(model([1, 3], nodes, { c: scalar(0.5) }))
  let reads = 0
  const counted = graph.nodes.map((each): Node => {
    const { inputs, ...rest } = each
    return Object.defineProperty({ ...rest, inputs }, 'inputs', { enumerable: true, get: () => (reads++, inputs) })
  })
  const network = normalise({ ...graph, nodes: counted })
  expect(network.layers.length).toBe(1)
  expect(network.layers[0].sources.length).toBe(length)
  expect([...runLayers(network, Float64Array.of(1, 2, -3))]).toEqual([2001, 2002, 1997])
  // Each pass reads a node some times, expressions up to 64 times. Work that is quadratic reads it thousands of times.
  expect(reads / length).toBeLessThan(400)
})
