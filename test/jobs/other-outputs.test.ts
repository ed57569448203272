import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { silent } from '../../src-main/core/progress.ts'
import { PRESETS } from '../../src-main/jobs/presets.ts'
import { sealAndTry } from '../../src-main/jobs/seal-and-try.ts'
import { validate } from '../../src-main/jobs/validate.ts'
import { list, node, random, row } from '../models/field-kinds.ts'
import { writeModel, type TestModel } from '../onnx/write-model.ts'
import { npyFile } from '../support/npy.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealwright-outputs-'))
  writeFileSync(join(folder, 'x.npy'), npyFile([96, 6], Float32Array.from(random(7, 96, 6).values)))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const [INT64, FLOAT] = [7, 1]
const dense = [node('MatMul', ['x', 'g'], 'a'), node('Relu', ['a'], 'b'), node('MatMul', ['b', 'v'], 's')]
const constants = { g: random(1, 6, 5), v: random(2, 5, 4) }
const network = (
  outputs: TestModel['outputs'],
  nodes: TestModel['nodes'],
  more: TestModel['constants'] = {},
): string => {
  const path = join(folder, 'network.onnx')
  writeFileSync(
    path,
    writeModel({ ...row, opset: 13, outputs, nodes: [...dense, ...nodes], constants: { ...constants, ...more } }),
  )
  return path
}

const label = () => network([{ name: 'y', shape: ['N', 1], type: INT64 }], [node('ArgMax', ['s'], 'y', { axis: 1 })])
const rounded = () =>
  network(
    [{ name: 'y', shape: ['N', 2], type: INT64 }],
    [
      node('Gather', ['s', 'two'], 'c', { axis: 1 }),
      node('Round', ['c'], 'r'),
      node('Cast', ['r'], 'y', { to: INT64 }),
    ],
    { two: list(3, 1) },
  )
const heads = () =>
  network(
    [
      { name: 'y', shape: ['N', 1], type: INT64 },
      { name: 'z', shape: ['N', 3], type: FLOAT },
    ],
    [
      node('ArgMax', ['s'], 'y', { axis: 1 }),
      node('MatMul', ['b', 'h'], 'u'),
      node('Softmax', ['u'], 'z', { axis: 1 }),
    ],
    { h: random(3, 5, 3) },
  )

const common = { preprocessing: PRESETS.none, degree: 2, input: 'encrypted', tuningEpochs: 0 } as const

it.each([
  ['a label', label],
  ['rounded columns', rounded],
  ['a label and other classes', heads],
])('validate compares scores of a network that ends in %s', async (_, write) => {
  const data = join(folder, 'x.npy')
  const request = { ...common, model: write(), data, calibration: data, encrypted: 0, force: false }
  const { polynomial } = await validate(request, silent)
  expect(polynomial.agreement).toBeGreaterThan(0.8)
})

it('a test of the sealed network compares them too', { timeout: 60_000 }, async () => {
  const path = join(folder, 'x.npy')
  const trial = mkdtempSync(join(folder, 'trial-'))
  const request = { ...common, model: heads(), calibration: path, folder: trial, inputs: [{ path, index: 3 }] }
  const { tested } = await sealAndTry(request, silent)
  const [sample] = tested.samples
  expect(sample.encrypted).toBe(sample.polynomial)
})
