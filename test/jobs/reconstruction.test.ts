import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { decodeResult } from '../../src-main/core/bundle/result.ts'
import { INPUT, type Finish, type LayerModel, type Shape } from '../../src-main/core/network/layer-model.ts'
import { sha256 } from '../../src-main/files/sha256.ts'
import { isReconstruction } from '../../src-main/jobs/labels.ts'
import { openNetworkFile } from '../../src-main/jobs/open-network.ts'
import { tinyOnnx } from '../support/tiny-onnx.ts'

/** Gives what it takes. */
const identity = (shape: Shape): LayerModel => ({
  name: 'identity',
  input: { name: 'x', shape, onnxShape: [1, ...shape], layout: 'nchw' },
  layers: [],
  output: INPUT,
  finish: 'none',
})

it('a network reconstructs where it gives as many numbers as it takes, and nothing says that they are classes', () => {
  const model = identity([1, 8, 8])
  expect(isReconstruction(model)).toBe(true)
  expect(isReconstruction({ ...model, quantities: false })).toBe(false)
  const finished = (finish: Finish) => isReconstruction({ ...model, finish })
  expect([finished('sigmoid'), finished('softmax'), finished('argmax')]).toEqual([true, false, false])
  // Four features and four classes are usual.
  expect(isReconstruction(identity([4, 1, 1]))).toBe(false)
})

it('outputs whose classes have names are scores', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sealwright-names-'))
  const model = join(folder, 'tiny.onnx')
  await writeFile(model, tinyOnnx())
  try {
    expect((await openNetworkFile({ model })).model.quantities).toBeUndefined()
    const classNames = ['cat', 'dog', 'ship']
    expect((await openNetworkFile({ model, classNames })).model.quantities).toBe(false)
    expect((await openNetworkFile({ model, classNames, quantities: true })).model.quantities).toBe(true)
  } finally {
    await rm(folder, { recursive: true })
  }
})

it('a file of another kind is refused as what it is', () => {
  const refused = (begin: string) => () => decodeResult(new TextEncoder().encode(`${begin}....`), sha256)
  expect(refused('SWREFSH1')).toThrow('The file is a refreshed input, not an encrypted result.')
  expect(refused('\x93NUMPY')).toThrow('The file is something else, not an encrypted result.')
})
