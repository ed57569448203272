import type { Tail } from '../network/tail.ts'
import { countOf } from '../graph/shapes.ts'
import type { OnnxBuilder } from './onnx-builder.ts'
import { upgradeNode } from './upgrade-node.ts'

/** The operator set that a file needs for its tail: that of its newest node, and 17 at least. */
export const opsetFor = (tail: Tail | undefined): number =>
  Math.max(17, tail?.opset ?? 0, ...(tail?.nodes ?? []).map(({ opset }) => opset ?? 0))

/** All names of a tail. */
export const namesIn = ({ inputs, nodes, constants, outputs }: Tail): readonly string[] => [
  ...inputs.map(({ name }) => name),
  ...nodes.flatMap((node) => [...node.inputs, ...node.outputs]),
  ...constants.keys(),
  ...outputs,
]

/** What the owner computes after decryption, behind `flat`, the outputs of samples in rows. */
export function writeTail(onnx: OnnxBuilder, tail: Tail, flat: string): void {
  let at = 0
  for (const { name, shape } of tail.inputs) {
    const end = at + countOf(shape)
    const part =
      tail.inputs.length === 1
        ? flat
        : onnx.node('Slice', [flat, onnx.integers([at]), onnx.integers([end]), onnx.integers([1])])
    onnx.node('Reshape', [part, onnx.integers([-1, ...shape.slice(1)])], {}, {}, name)
    at = end
  }
  for (const [name, tensor] of tail.constants) onnx.tensor(name, tensor)
  const opset = opsetFor(tail)
  for (const node of tail.nodes) onnx.named(upgradeNode(onnx, node, node.opset ?? tail.opset, opset))
}
