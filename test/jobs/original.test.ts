import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { deviatingVersions, runtimeDeviations } from '../../src-main/core/onnx/runtime-deviations.ts'
import { runLayerBatch } from '../../src-main/core/network/run-layers.ts'
import { openNetworkFile, type NetworkRequest } from '../../src-main/jobs/open-network.ts'
import { checkOriginal, openOriginal } from '../../src-main/jobs/original.ts'
import { randomSample, relativeDifference } from '../models/compare.ts'
import { writeModel, type TestModel, type TestNode } from '../onnx/write-model.ts'

const folder = mkdtempSync(join(tmpdir(), 'sealwright-original-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
function written(nodes: readonly TestNode[], given: Partial<TestModel> = {}): string {
  const file = join(folder, `${files++}.onnx`)
  const model = { inputs: [{ name: 'x', shape: ['N', 2, 4, 4] }], outputs: [{ name: 'y', shape: [] }], nodes, ...given }
  writeFileSync(file, writeModel(model))
  return file
}

const random = (seed: number, shape: readonly number[]) => ({
  shape,
  values: Array.from(
    randomSample(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
  ),
})
const weights = { w: random(1, [3, 2, 1, 1]), v: random(2, [3, 3, 1, 1]) }
const samples = [1, 2, 3, 4, 5].map((seed) => randomSample(32, seed))
const conv = (input: string, weight: string, output: string): TestNode => ({
  operator: 'Conv',
  name: output,
  inputs: [input, weight],
  outputs: [output],
})

async function checked(request: NetworkRequest) {
  return checkOriginal(request, await openNetworkFile(request), samples)
}

describe('who computes the original', () => {
  it('is ONNX Runtime, where both compute the same', async () => {
    const relu = { operator: 'Relu', inputs: ['a'], outputs: ['b'] }
    const model = written([conv('x', 'w', 'a'), relu, conv('b', 'v', 'y')], { constants: weights })
    expect(await checked({ model })).toEqual({ computedBy: 'ONNX Runtime' })
  })

  it('stops with the first node that differs', async () => {
    // float32 has no room for 1 beside 1e9: what is left of the sum is another number than in float64.
    const constants = { ...weights, big: { shape: [1], values: [1e9] } }
    const nodes = [
      conv('x', 'w', 'a'),
      { operator: 'Add', name: 'lift', inputs: ['a', 'big'], outputs: ['b'] },
      { operator: 'Sub', name: 'lower', inputs: ['b', 'big'], outputs: ['c'] },
      conv('c', 'v', 'y'),
    ]
    const error = await checked({ model: written(nodes, { constants }) }).catch((caught: unknown) => caught)
    expect(error).toMatchObject({
      code: 'differs-from-onnxruntime',
      where: { node: 'lower', operator: 'Sub' },
      message: expect.stringContaining('first differ at Sub “lower”') as string,
    })
  })

  it('names that node where only what comes behind it shows that channels are last', async () => {
    const nodes = [
      { operator: 'Add', name: 'double', inputs: ['x', 'x'], outputs: ['d'] },
      { operator: 'Transpose', inputs: ['x'], outputs: ['t'], attributes: { perm: [0, 2, 1] } },
      conv('t', 'w', 'a'),
      { operator: 'Transpose', inputs: ['a'], outputs: ['u'], attributes: { perm: [0, 2, 1] } },
      { operator: 'Add', name: 'sum', inputs: ['u', 'd'], outputs: ['s'] },
      { operator: 'Add', name: 'lift', inputs: ['s', 'big'], outputs: ['b'] },
      { operator: 'Sub', name: 'lower', inputs: ['b', 'big'], outputs: ['y'] },
    ]
    const constants = { w: random(1, [6, 6, 1]), big: { shape: [1], values: [1e9] } }
    const request = { model: written(nodes, { inputs: [{ name: 'x', shape: ['N', 8, 6] }], constants }) }
    const network = await openNetworkFile(request)
    expect(network.model.input).toMatchObject({ shape: [6, 1, 8], layout: 'nhwc' })
    const found = await checkOriginal(request, network, [randomSample(48, 1)]).catch((caught: unknown) => caught)
    expect(found).toMatchObject({ code: 'differs-from-onnxruntime', where: { node: 'lower' } })
  })

  it('is our own pass where ONNX Runtime is known to compute something else, and says which operator', async () => {
    const attributes = { kernel_shape: [2, 2], dilations: [2, 2], auto_pad: 'SAME_UPPER' }
    const nodes = [
      conv('x', 'w', 'a'),
      { operator: 'MaxPool', name: 'pool', inputs: ['a'], outputs: ['y'], attributes },
    ]
    const { computedBy, deviation } = await checked({ model: written(nodes, { constants: weights }) })
    expect(deviation).toEqual({
      operator: 'MaxPool, AveragePool',
      asked: '`auto_pad` SAME with dilations',
      node: 'pool',
      version: '1.30.0',
    })
    expect(computedBy).toContain('“pool”')
  })

  it('is our own pass where ONNX Runtime copies what a Resize interpolates', async () => {
    const scales = { shape: [4], values: [1, 1, 1.2, 1.2] }
    const nodes = [
      conv('x', 'w', 'a'),
      { operator: 'Resize', name: 'resize', inputs: ['a', '', 's'], outputs: ['y'], attributes: { mode: 'linear' } },
    ]
    const model = written(nodes, { constants: { ...weights, s: scales } })
    expect((await checked({ model })).deviation).toMatchObject({ operator: 'Resize', node: 'resize' })
  })

  it('is our own pass where ONNX Runtime refuses the file', async () => {
    const nodes = [
      {
        ...conv('x', 'k', 'y'),
        attributes: { kernel_shape: [3, 3], dilations: [2, 2], auto_pad: 'SAME_UPPER' },
      },
    ]
    const model = written(nodes, { constants: { k: random(4, [3, 2, 3, 3]) } })
    const { deviation } = await checked({ model })
    expect(deviation).toMatchObject({ operator: 'Conv', node: 'y', refusal: expect.stringContaining('Dilation') })
    const newer = written([conv('x', 'w', 'y')], { constants: weights, irVersion: 14 })
    expect((await checked({ model: newer })).deviation).toMatchObject({ operator: 'any' })
  })

  it('is ONNX Runtime without its optimiser, where that is what differs', async () => {
    const pads = { shape: [8], values: [0, 0, 1, 1, 0, 0, 1, 1], type: 'int64' } as const
    const nodes = [
      { operator: 'Pad', inputs: ['x', 'pads'], outputs: ['a'] },
      { operator: 'MaxPool', inputs: ['a'], outputs: ['y'], attributes: { kernel_shape: [2, 2] } },
    ]
    const request = { model: written(nodes, { constants: { pads } }) }
    const network = await openNetworkFile(request)
    const negative = samples.map((sample) => sample.map((value) => -Math.abs(value)))
    const original = await openOriginal(request, network, negative)
    expect(original.computedBy).toContain('with its optimiser off')
    await original.close()
  })

  it('refuses fractions where the network takes integers', async () => {
    const nodes = [{ operator: 'Cast', inputs: ['x'], outputs: ['a'], attributes: { to: 1 } }, conv('a', 'w', 'y')]
    const inputs = [{ name: 'x', shape: ['N', 2, 4, 4], type: 2 }]
    await expect(checked({ model: written(nodes, { constants: weights, inputs }) })).rejects.toMatchObject({
      code: 'samples-not-integers',
    })
  })

  it('gives samples one by one where the file takes the first of a batch for all', async () => {
    const nodes = [conv('x', 'w', 'a'), { operator: 'ScatterND', inputs: ['a', 'first', 'update'], outputs: ['y'] }]
    const constants = {
      ...weights,
      first: { shape: [1, 2], values: [0, 1], type: 'int64' } as const,
      update: random(5, [1, 4, 4]),
    }
    const request = { model: written(nodes, { constants }) }
    const network = await openNetworkFile(request)
    const original = await openOriginal(request, network, samples)
    const ours = runLayerBatch(network.model, samples)
    const theirs = await original.run(samples)
    expect(Math.max(...theirs.map((values, at) => relativeDifference(values, ours[at])))).toBeLessThan(1e-5)
    await original.close()
  })

  it('computes up to any tensor, from any tensor', async () => {
    const relu = { operator: 'Relu', inputs: ['a'], outputs: ['b'] }
    const model = written([conv('x', 'w', 'a'), relu, conv('b', 'v', 'y')], { constants: weights })
    const request = { model, inputName: 'a', outputName: 'b' }
    const network = await openNetworkFile(request)
    expect(network.model.input.shape).toEqual([3, 4, 4])
    const inner = [randomSample(48, 7)]
    const original = await openOriginal(request, network, inner)
    expect(original.computedBy).toBe('ONNX Runtime')
    const [found] = await original.run(inner)
    expect(
      relativeDifference(
        found,
        inner[0].map((value) => Math.max(0, value)),
      ),
    ).toBeLessThan(1e-6)
    await original.close()
  })
})

it('docs/onnx-runtime.md lists the deviations that the code knows', () => {
  const page = readFileSync(new URL('../../docs/onnx-runtime.md', import.meta.url), 'utf8')
  const rows = page.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| operator'))
  const listed = rows.map((row) =>
    row
      .split('|')
      .slice(1, 3)
      .map((cell) => cell.trim()),
  )
  const known = runtimeDeviations.map(({ operator, asked }) => [operator, asked])
  expect(listed.filter(([operator]) => !['Dropout', 'int8 on x64 without VNNI'].includes(operator))).toEqual(known)
  expect(page).toContain(deviatingVersions)
})
