import type { Node, Tensor } from '../graph/graph.ts'

/**
 * What the owner computes of the decrypted outputs, where that is more than one step with a name (`Finish`): ONNX nodes
 * behind the network, such as the mean of two softmaxes or 1 − p beside p. They cost no level.
 */
export interface Tail {
  /** Of the nodes. */
  readonly opset: number
  /** Parts of the network's output, in their order, for one sample. */
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[]
  readonly nodes: readonly Node[]
  readonly constants: ReadonlyMap<string, Tensor>
  /** As the file has them. */
  readonly outputs: readonly string[]
  /** By what labels are found: one for each output that says something of its own. */
  readonly labels: readonly TailLabel[]
}

export interface TailLabel {
  readonly output: string
  /** Holds one score for each class. */
  readonly scores: string
  readonly classes: number
  /** A single probability is a yes above one half; the score that it is made of, and any other single number, above 0. */
  readonly isProbability: boolean
}
