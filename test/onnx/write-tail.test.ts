import { InferenceSession, Tensor } from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import type { LayerModel } from '../../src-main/core/network/layer-model.ts'
import type { PolynomialModel } from '../../src-main/core/network/polynomial-model.ts'
import { runLayers } from '../../src-main/core/network/run-layers.ts'
import { freeBatch } from '../../src-main/core/normalise/free-batch.ts'
import { finishedParts } from '../../src-main/core/normalise/run-tail.ts'
import { writeOnnx } from '../../src-main/core/onnx/write-onnx.ts'
import { importModel, randomSample, relativeDifference } from '../models/compare.ts'
import { cases, node, trunk, whole, written, type Case } from '../normalise/tail-cases.ts'

/** As `approximate` writes it, every activation kept. */
function rewritten(model: LayerModel): Uint8Array {
  const tail = model.tail && freeBatch(model.tail)
  const exact = { ...model, ...(tail && { tail }) } as PolynomialModel
  return writeOnnx(exact, undefined, model.tail && !tail ? 1 : 'N')
}

async function outputsOf(bytes: Uint8Array, samples: number): Promise<InferenceSession.OnnxValueMapType> {
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 4 })
  const values = Float32Array.from(randomSample(samples * 6, 7))
  const results = await session.run({ x: new Tensor('float32', values, [samples, 6]) })
  await session.release()
  return results
}

async function expectSame(bytes: Uint8Array, samples: number): Promise<void> {
  const model = importModel(bytes, { wholeNetwork: false })
  const own = await outputsOf(bytes, samples)
  const ours = await outputsOf(rewritten(model), samples)
  expect(Object.keys(ours)).toEqual(Object.keys(own))
  for (const [name, { dims, type, data }] of Object.entries(own)) {
    expect([ours[name].dims, ours[name].type]).toEqual([dims, type])
    if (type === 'string') expect(ours[name].data).toEqual(data)
    else expect(relativeDifference(numbers(ours[name].data), numbers(data))).toBeLessThan(1e-5)
  }
}

const numbers = (data: unknown): Float64Array => Float64Array.from(data as ArrayLike<number | bigint>, Number)

/** Of operator sets in which what are inputs today were attributes. */
const older: Record<string, Case> = {
  'axes, ends and parts as attributes': {
    opset: 11,
    nodes: [
      ...trunk(5),
      node('Softmax', ['logits'], ['p']),
      node('Unsqueeze', ['p'], ['high'], { axes: [2] }),
      node('ReduceSum', ['high'], ['same'], { axes: [2], keepdims: 0 }),
      node('Split', ['same'], ['y', 'rest'], { axis: 1, split: [2, 3] }),
      node('ReduceMax', ['rest'], ['z'], { axes: [1], keepdims: 0 }),
    ],
    outputs: ['y', 'z'],
    decrypted: 5,
  },
  'a softmax over several axes': {
    opset: 11,
    nodes: [
      ...trunk(5),
      node('Exp', ['logits'], ['e']),
      node('Unsqueeze', ['e'], ['high'], { axes: [1] }),
      node('Concat', ['high', 'high'], ['twice'], { axis: 1 }),
      node('Softmax', ['twice'], ['y'], { axis: 1 }),
    ],
    decrypted: 5,
  },
  'ends and counts as attributes': {
    opset: 9,
    nodes: [
      node('MatMul', ['x', 'w1'], ['hidden']),
      node('Relu', ['hidden'], ['held']),
      node('MatMul', ['held', 'w5'], ['logits']),
      node('Sigmoid', ['logits'], ['p']),
      node('Clip', ['p'], ['c'], { min: { float: 0.25 }, max: { float: 0.75 } }),
      node('Dropout', ['c'], ['d']),
      node('TopK', ['d'], ['best', 'places'], { k: 3, axis: 1 }),
      node('Slice', ['best'], ['y'], { axes: [1], starts: [0], ends: [2] }),
      node('Cast', ['places'], ['z'], { to: 1 }),
    ],
    outputs: ['y', 'z'],
    decrypted: 5,
  },
  'operators of a newer set': {
    opset: 20,
    nodes: [
      ...trunk(5),
      node('Softmax', ['logits'], ['p'], { axis: -1 }),
      node('ReduceMean', ['p', 'axes'], ['m'], { keepdims: 1 }),
      node('Gelu', ['m'], ['y']),
      node('Split', ['p'], ['z', 'rest'], { axis: 1, num_outputs: 2 }),
    ],
    outputs: ['y', 'z'],
    constants: { axes: whole([1]) },
    decrypted: 5,
  },
}

describe('a written network with a tail', () => {
  it.each(Object.entries({ ...cases, ...older }))('ends as the file does: %s', async (_, given) => {
    const bytes = written(given)
    await expectSame(bytes, 1)
    if (given.batch === undefined) await expectSame(bytes, 3)
    const model = importModel(bytes, { wholeNetwork: false })
    const again = importModel(rewritten(model), { wholeNetwork: false })
    expect(again.tail?.outputs).toEqual(model.tail?.outputs)
    const sample = randomSample(6, 9)
    const [left, right] = [model, again].map((each) => finishedParts(each, runLayers(each, sample)))
    for (const [name, values] of left) expect(relativeDifference(right.get(name)!, values)).toBeLessThan(1e-5)
  })

  it('holds one sample where its nodes do', async () => {
    const nodes = [
      ...trunk(5),
      node('Softmax', ['logits'], ['p'], { axis: 1 }),
      node('Tile', ['p', 'repeats'], ['twice']),
      node('Reshape', ['twice', 'shape'], ['y']),
    ]
    const constants = { repeats: whole([2, 1]), shape: whole([1, 10]) }
    const model = importModel(written({ nodes, constants, decrypted: 5, batch: 1 }), { wholeNetwork: false })
    expect(model.tail && freeBatch(model.tail)).toBeUndefined()
    await expectSame(written({ nodes, constants, decrypted: 5, batch: 1 }), 1)
  })

  it('rounds as a quantised file does', async () => {
    const nodes = [
      ...trunk(5),
      node('Softmax', ['logits'], ['p'], { axis: 1 }),
      node('Clip', ['p'], ['c']),
      node('QuantizeLinear', ['c', 'scale', 'zero'], ['q']),
      node('DequantizeLinear', ['q', 'scale', 'zero'], ['y']),
    ]
    const constants = {
      scale: { shape: [], values: [1 / 64] },
      zero: { shape: [], values: [3], type: 'uint8' as const },
    }
    await expectSame(written({ nodes, constants, decrypted: 5 }), 3)
  })

  it('rounds within a kept activation as a quantised file does', async () => {
    const quantised = (from: string, to: string, scale: string): Case['nodes'] => [
      node('QuantizeLinear', [from, scale, 'zero'], [`${to} q`]),
      node('DequantizeLinear', [`${to} q`, scale, 'zero'], [to]),
    ]
    const nodes = [
      node('Gemm', ['x', 'w1'], ['h']),
      ...quantised('h', 'a', 'scale'),
      node('Sigmoid', ['a'], ['s']),
      ...quantised('s', 'b', 'fine'),
      node('Mul', ['a', 'b'], ['m']),
      node('Gemm', ['m', 'w5'], ['y']),
    ]
    const constants = {
      scale: { shape: [], values: [1 / 16] },
      fine: { shape: [], values: [1 / 256] },
      zero: { shape: [], values: [128], type: 'uint8' as const },
    }
    const model = importModel(written({ nodes, constants, decrypted: 5 }))
    expect(model.layers.some((layer) => layer.kind === 'activation' && layer.activation.steps)).toBe(true)
    const { y } = await outputsOf(rewritten(model), 1)
    const ours = runLayers(model, Float64Array.from(Float32Array.from(randomSample(6, 7))))
    expect(relativeDifference(numbers(y.data), ours)).toBeLessThan(1e-4)
  })

  it('keeps names and shapes of outputs without a tail', async () => {
    const ending = (...nodes: Case['nodes']): Uint8Array =>
      written({ nodes: [...trunk(5), ...nodes], constants: { shape: whole([-1, 5, 1]) }, decrypted: 5 })
    await expectSame(ending(node('Reshape', ['logits', 'shape'], ['y'])), 2)
    await expectSame(ending(node('Softmax', ['logits'], ['y'], { axis: 1 })), 2)
    await expectSame(ending(node('Softmax', ['logits'], ['p'], { axis: 1 }), node('Reshape', ['p', 'shape'], ['y'])), 2)
  })

  it('gives no value a name that the file has', async () => {
    const nodes = [...trunk(5, 'sum_4'), node('Softmax', ['sum_4'], ['constant_1'], { axis: 1 })]
    const twice = node('Mul', ['constant_1', 'constant_1'], ['reshape_1'])
    await expectSame(written({ nodes: [...nodes, twice], outputs: ['reshape_1'], decrypted: 5 }), 2)
  })
})
