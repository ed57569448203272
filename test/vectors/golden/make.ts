/**
 * Makes the folders beside this file with ONNX Runtime alone: node test/vectors/golden/make.ts
 *
 * Weights and samples come from one seed, so that it gives the same files again.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runtimeVersion, openReference } from '../../../src-main/ort/reference.ts'
import { writeModel, type TestNode, type TestTensor } from '../../onnx/write-model.ts'
import { npyFile } from '../../support/npy.ts'
import { seededRandom } from '../../support/seed.ts'

process.env.TEST_SEED = '20261129'
const random = seededRandom('golden vectors')
const size = (shape: readonly number[]): number => shape.reduce((product, each) => product * each, 1)
const tensor = (...shape: number[]): TestTensor => ({
  shape,
  values: Array.from({ length: size(shape) }, () => Math.fround(random() - 0.5)),
})
const positive = (...shape: number[]): TestTensor => ({
  shape,
  values: Array.from({ length: size(shape) }, () => Math.fround(1 + random())),
})
const integers = (...values: number[]): TestTensor => ({ shape: [values.length], values, type: 'int64' })
const node = (operator: string, inputs: string[], output: string, attributes: TestNode['attributes'] = {}) => ({
  ...{ operator, inputs, attributes },
  outputs: [output],
})
const same = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }
const inputShape = [1, 2, 8, 8]
const samples = 4

const networks: Record<string, { readonly nodes: TestNode[]; readonly constants: Record<string, TestTensor> }> = {
  squares: {
    nodes: [
      node('Conv', ['x', 'w', 'b'], 'conv', same),
      node('BatchNormalization', ['conv', 'scale', 'shift', 'mean', 'variance'], 'norm'),
      node('Mul', ['norm', 'norm'], 'square'),
      node('AveragePool', ['square'], 'pool', { kernel_shape: [2, 2], strides: [2, 2] }),
      node('Flatten', ['pool'], 'flat'),
      node('Gemm', ['flat', 'v', 'd'], 'y', { transB: 1 }),
    ],
    constants: {
      ...{ w: tensor(4, 2, 3, 3), b: tensor(4), v: tensor(3, 64), d: tensor(3) },
      ...{ scale: positive(4), shift: tensor(4), mean: tensor(4), variance: positive(4) },
    },
  },
  residual: {
    nodes: [
      node('Conv', ['x', 'w'], 'conv', same),
      node('Mul', ['conv', 'conv'], 'square'),
      node('Conv', ['square', 'u'], 'grouped', { ...same, group: 4 }),
      node('Add', ['grouped', 'square'], 'sum'),
      node('Mul', ['sum', 'sum'], 'again'),
      node('Flatten', ['again'], 'flat'),
      node('Gemm', ['flat', 'v', 'd'], 'y', { transB: 1 }),
    ],
    constants: { w: tensor(4, 2, 3, 3), u: tensor(4, 1, 3, 3), v: tensor(3, 256), d: tensor(3) },
  },
  strided: {
    nodes: [
      node('Pad', ['x', 'pads'], 'padded'),
      node('Conv', ['padded', 'w', 'b'], 'conv', { kernel_shape: [3, 3], strides: [2, 2] }),
      node('Mul', ['conv', 'conv'], 'square'),
      node('GlobalAveragePool', ['square'], 'mean'),
      node('Reshape', ['mean', 'shape'], 'flat'),
      node('Gemm', ['flat', 'v', 'd'], 'y', { transB: 1 }),
    ],
    constants: {
      ...{ pads: integers(0, 0, 1, 1, 0, 0, 1, 1), shape: integers(1, 4) },
      ...{ w: tensor(4, 2, 3, 3), b: tensor(4), v: tensor(3, 4), d: tensor(3) },
    },
  },
  'relu-and-maxima': {
    nodes: [
      node('Conv', ['x', 'w', 'b'], 'conv', same),
      node('Relu', ['conv'], 'relu'),
      node('MaxPool', ['relu'], 'pool', { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
      node('Conv', ['pool', 'u'], 'next', { kernel_shape: [1, 1] }),
      node('Sigmoid', ['next'], 'sigmoid'),
      node('Flatten', ['sigmoid'], 'flat'),
      node('Gemm', ['flat', 'v', 'd'], 'y', { transB: 1 }),
    ],
    constants: { w: tensor(4, 2, 3, 3), b: tensor(4), u: tensor(4, 4, 1, 1), v: tensor(3, 64), d: tensor(3) },
  },
}

for (const [name, { nodes, constants }] of Object.entries(networks)) {
  const folder = join(import.meta.dirname, name)
  await mkdir(join(folder, 'activations'), { recursive: true })
  const onnx = writeModel({
    inputs: [{ name: 'x', shape: inputShape }],
    outputs: [{ name: 'y', shape: [1, 3] }],
    ...{ nodes, constants },
  })
  await writeFile(join(folder, 'network.onnx'), onnx)
  const traced = nodes.flatMap(({ outputs }) => outputs).filter((tensor) => tensor !== 'y')
  // Node by node, so that each tensor is what its operator gives.
  const reference = await openReference(onnx, { traced, literal: true })
  const inputs = Array.from({ length: samples }, () =>
    Float64Array.from({ length: size(inputShape) }, () => Math.fround(2 * random() - 1)),
  )
  const outputs: Float64Array[] = []
  const activations = new Map<string, Float64Array[]>()
  for (const input of inputs) {
    outputs.push(await reference.run(input))
    for (const [tensor, values] of await reference.trace(input)) {
      activations.set(tensor, [...(activations.get(tensor) ?? []), values])
    }
  }
  await reference.close()
  const save = async (file: string, rows: readonly Float64Array[], shape = [rows[0].length]): Promise<void> => {
    const values = Float32Array.from(rows.flatMap((row) => [...row]))
    await writeFile(join(folder, file), npyFile([rows.length, ...shape], values))
  }
  const nonlinear = nodes.filter(({ operator }) => ['Mul', 'Relu', 'Sigmoid'].includes(operator))
  const order = nonlinear.flatMap(({ outputs }) => outputs)
  await writeFile(join(folder, 'activations.json'), `${JSON.stringify(order)}\n`)
  await save('inputs.npy', inputs, inputShape.slice(1))
  await save('outputs.npy', outputs)
  for (const [tensor, rows] of activations) await save(join('activations', `${tensor}.npy`), rows)
}
console.log(`made with ONNX Runtime ${runtimeVersion}`)
