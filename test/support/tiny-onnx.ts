import { ModelMessage } from '../../src-main/core/onnx/schema.ts'

const FLOAT = 1

/** Deterministic weights in [−0.5, 0.5]. */
const weights = (count: number, seed: number): number[] =>
  Array.from({ length: count }, (_, index) => (((index + seed) * 7919) % 101) / 101 - 0.5)

const tensor = (name: string, dims: number[], seed: number): object => ({
  name,
  dims,
  dataType: FLOAT,
  floatData: weights(
    dims.reduce((product, dim) => product * dim, 1),
    seed,
  ),
})

const value = (name: string, dims: number[]): object => ({
  name,
  type: { tensorType: { elemType: FLOAT, shape: { dim: dims.map((dimValue) => ({ dimValue })) } } },
})

/** An ONNX file: [1, 1, 4, 4] → Flatten → Gemm → the given activations in turn → Gemm → 3 outputs. */
export function tinyOnnx(activations: readonly string[] = ['Relu']): Uint8Array {
  const node = (opType: string, input: string[], output: string): object => ({
    opType,
    input,
    output: [output],
    name: output,
  })
  const hidden = activations.map((operator, at) => node(operator, [at === 0 ? 'hidden' : `act${at - 1}`], `act${at}`))
  const model = {
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'tiny',
      node: [
        node('Flatten', ['image'], 'flat'),
        node('Gemm', ['flat', 'w1', 'b1'], 'hidden'),
        ...hidden,
        node('Gemm', [`act${activations.length - 1}`, 'w2', 'b2'], 'scores'),
      ],
      initializer: [tensor('w1', [16, 6], 3), tensor('b1', [6], 5), tensor('w2', [6, 3], 11), tensor('b2', [3], 1)],
      input: [value('image', [1, 1, 4, 4])],
      output: [value('scores', [1, 3])],
    },
  }
  return ModelMessage.encode(ModelMessage.fromObject(model)).finish()
}
