import { expect, it } from 'vitest'
import { importModel, randomNumbers } from '../models/compare.ts'
import type { TestTensor } from '../onnx/write-model.ts'
import { contrib, integer, model, node, real, reals, stepsFromRuntime, type Type } from './quantised-models.ts'

/** Weights of few bits under QuantizeLinear and DequantizeLinear of a domain: 72 values in, 5 out. */
const dense = (type: Type, zeros: readonly number[], values: readonly number[], domain: string, opset: number) =>
  model(
    [
      node('QuantizeLinear', 'x xs xz', 'xq', {}, domain),
      node('DequantizeLinear', 'xq xs xz', 'xd', {}, domain),
      node('Flatten', 'xd', 'l'),
      node('DequantizeLinear', 'w s z', 'd', { axis: 1 }, domain),
      node('MatMul', 'l d', 'm'),
      node('QuantizeLinear', 'm ys yz', 'q', {}, domain),
      node('DequantizeLinear', 'q ys yz', 'y', {}, domain),
    ],
    {
      xs: real(1 / 30000),
      xz: integer('int16', 5),
      ys: real(0.0005),
      yz: integer('uint16', 30000),
      w: { shape: [72, 5], type, values },
      s: reals(0.011, 0.02, 0.013, 0.03, 0.01),
      z: { shape: [5], type, values: zeros },
    },
    { opset, irVersion: opset < 21 ? 8 : 10 },
  )

it.each<[string, Type, number, number, string, number]>([
  ['of 16 bits in ONNX Runtime’s own domain', 'int8', -128, 127, 'com.microsoft', 17],
  ['of 4 bits in ONNX Runtime’s own domain', 'int4', -8, 7, 'com.microsoft', 17],
  ['of 4 bits', 'int4', -8, 7, '', 21],
  ['of 4 bits without sign', 'uint4', 0, 15, '', 21],
])('reads quantisers and weights %s', async (_, type, min, max, domain, opset) => {
  const next = randomNumbers(3)
  const inRange = (count: number) =>
    Array.from({ length: count }, () => min + Math.floor(((next() + 1) / 2) * (max - min + 1)))
  const bytes = dense(type, inRange(5), inRange(360), domain, opset)
  expect(importModel(bytes).quantised?.outputStep).toBeCloseTo(0.0005, 9)
  expect(await stepsFromRuntime(bytes, 0.0005)).toBeLessThan(1.01)
})

it.each([
  [4, 16, false],
  [4, 32, true],
  [8, 16, true],
])('reads products of %i bits, in blocks of %i (zero points: %s)', async (bits, block, hasZeros) => {
  const next = randomNumbers(bits + block)
  const [outputs, blocks] = [5, Math.ceil(72 / block)]
  const bytesOf = (...shape: number[]): TestTensor => ({
    shape,
    type: 'uint8',
    values: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => Math.floor((next() + 1) * 127.9)),
  })
  const constants = {
    w: bytesOf(outputs, blocks, (block * bits) / 8),
    s: { shape: [outputs * blocks], values: Array.from({ length: outputs * blocks }, () => 0.02 * (1.5 + next())) },
    z: bytesOf(outputs * Math.ceil((blocks * bits) / 8)),
  }
  const attributes = { K: 72, N: outputs, bits, block_size: block }
  const product = contrib('MatMulNBits', hasZeros ? 'l w s z' : 'l w s', 'y', attributes)
  const bytes = model([node('Flatten', 'x', 'l'), product], constants, { opset: 17, irVersion: 8 })
  expect(importModel(bytes).layers).toHaveLength(1)
  expect(await stepsFromRuntime(bytes, 1)).toBeLessThan(1e-3)
})
