import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { openNetwork, openNetworkFile } from '../../src-main/jobs/open-network.ts'
import { differenceFromRuntime, randomSample } from '../models/compare.ts'
import { writeModel, type TestAttribute, type TestModel, type TestNode } from '../onnx/write-model.ts'

const folder = await mkdtemp(join(tmpdir(), 'open-network-'))
afterAll(() => rm(folder, { recursive: true }))

const node = (
  operator: string,
  inputs: string[],
  output: string,
  attributes: Record<string, TestAttribute> = {},
): TestNode => ({ operator, inputs, outputs: [output], attributes })
const random = (seed: number, ...shape: number[]) => ({
  shape,
  values: [
    ...randomSample(
      shape.reduce((a, b) => a * b),
      seed,
    ),
  ],
})

async function written(name: string, nodes: readonly TestNode[], constants: TestModel['constants']): Promise<string> {
  const path = join(folder, `${name}.onnx`)
  const end = [node('MatMul', ['x', 'w'], 'a'), node('Relu', ['a'], 'y')]
  const inputs = [{ name: 'x', shape: ['N', 6] }]
  const bytes = writeModel({
    opset: 18,
    inputs,
    outputs: [{ name: 'y', shape: [] }],
    nodes: [...nodes, ...end],
    constants,
  })
  await writeFile(path, bytes)
  return path
}

it.each<[string, TestNode[]]>([
  ['a triangle', [node('Trilu', ['m'], 'w', { upper: 0 })]],
  ['a diagonal and what is made of it', [node('EyeLike', ['m'], 'e', { k: 1 }), node('MatMul', ['e', 'm'], 'w')]],
  [
    'a normalised matrix, and bits',
    [
      node('LayerNormalization', ['m', 'scale'], 'n'),
      node('BitwiseAnd', ['five', 'three'], 'b'),
      node('Cast', ['b'], 'c', { to: 1 }),
      node('Mul', ['n', 'c'], 'w'),
    ],
  ],
  ['a transposed convolution', [node('ConvTranspose', ['i', 'k'], 'f'), node('Reshape', ['f', 'shape'], 'w')]],
])('computes %s of constants in ONNX Runtime', async (name, nodes) => {
  const integer = (value: number) => ({ shape: [], values: [value], type: 'int64' }) as const
  const model = await written(name, nodes, {
    ...{ m: random(1, 6, 6), scale: random(2, 6), i: random(3, 1, 2, 5, 5), k: random(4, 2, 1, 2, 2) },
    ...{ five: integer(5), three: integer(3), shape: { shape: [2], values: [6, 6], type: 'int64' } },
  })
  expect(await differenceFromRuntime(await openNetwork({ model }), model)).toBeLessThan(1e-6)
})

it('leaves what is random, or larger than its file', async () => {
  const noise = await written('noise', [node('RandomNormalLike', ['m'], 'w')], { m: random(1, 6, 6) })
  await expect(openNetwork({ model: noise })).rejects.toThrow('its result is random')
  const size = {
    size: { shape: [], values: [36], type: 'int64' },
    shape: { shape: [2], values: [6, 6], type: 'int64' },
  } as const
  const nodes = [node('HannWindow', ['size'], 'h'), node('Reshape', ['h', 'shape'], 'w')]
  await expect(openNetwork({ model: await written('window', nodes, size) })).rejects.toThrow('HannWindow')
})

it('reads samples alike for the integers of a file and for their real numbers', async () => {
  const model = join(folder, 'columns-dynamic.onnx')
  const integers = random(5, 4, 6, 3).values.map((x) => Math.round(x * 60))
  const bytes = writeModel({
    opset: 13,
    inputs: [{ name: 'x', shape: [1, 10, 6] }],
    outputs: [{ name: 'y', shape: [] }],
    nodes: [
      { operator: 'DynamicQuantizeLinear', inputs: ['x'], outputs: ['q', 's', 'z'] },
      // Channels are last, which the convolution behind the quantiser shows.
      node('Transpose', ['q'], 't', { perm: [0, 2, 1] }),
      node('ConvInteger', ['t', 'w', 'z'], 'c'),
      node('Cast', ['c'], 'f', { to: 1 }),
      node('Mul', ['f', 's'], 'y'),
    ],
    constants: { w: { shape: [4, 6, 3], type: 'int8', values: integers } },
  })
  await writeFile(model, bytes)
  const network = await openNetworkFile({ model })
  expect(network.onIntegers?.input).toEqual(network.model.input)
  expect(network.model.input).toMatchObject({ shape: [6, 1, 10], layout: 'nhwc' })
  expect(await differenceFromRuntime(network.onIntegers!, bytes, 4, true)).toBeLessThan(1e-6)
  expect(await differenceFromRuntime(network.model, bytes, 4, true)).toBeLessThan(0.02)
})
