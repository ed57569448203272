import { describe, expect, it } from 'vitest'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { ModelMessage } from '../../src-main/core/onnx/schema.ts'
import { tinyOnnx } from '../support/tiny-onnx.ts'

const FLOAT = 1
const EXTERNAL = 1
const file = new Uint8Array(4 * 1000)

/** The tiny network with so many initialisers that each take all of one file. */
function modelWith(tensors: number): Uint8Array {
  const model = ModelMessage.toObject(ModelMessage.decode(tinyOnnx()), { longs: Number })
  for (let i = 0; i < tensors; i++) {
    model.graph.initializer.push({
      name: `shared${i}`,
      dims: [1000],
      dataType: FLOAT,
      dataLocation: EXTERNAL,
      externalData: [
        { key: 'location', value: 'weights.data' },
        { key: 'offset', value: '0' },
        { key: 'length', value: String(file.length) },
      ],
    })
  }
  return ModelMessage.encode(ModelMessage.fromObject(model)).finish()
}

describe('tensors in an external file', () => {
  it('may share their bytes, but not multiply the file', () => {
    const externalData = (): Uint8Array => file
    for (let reading = 0; reading < 3; reading++) {
      expect(readOnnx(modelWith(4), { externalData }).constants.get('shared3')?.shape).toEqual([1000])
    }
    expect(() => readOnnx(modelWith(5), { externalData })).toThrow(
      expect.objectContaining({ code: 'bad-tensor', message: expect.stringContaining('add up to far more') }),
    )
  })
})
