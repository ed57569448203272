import type { Node, Tensor } from '../graph/graph.ts'

/** Where an operator works along an axis unless its attribute says another. */
const defaultAxis: Readonly<Record<string, number>> = {
  ...{ ArgMax: 0, ArgMin: 0, Gather: 0, GatherElements: 0, Split: 0, Concat: 0 },
  ...{ Softmax: 1, LogSoftmax: 1, Hardmax: 1, TopK: -1, LpNormalization: -1, OneHot: -1 },
}

/**
 * Whether a node of a tail joins samples of a batch, of which `tensors` hold one: along axis 0, or by a constant that has
 * something of its own for each of the `batch` samples.
 */
export function crossesSamples(node: Node, tensors: ReadonlyMap<string, Tensor>, batch: number): boolean {
  const { operator, inputs, outputs, attributes } = node
  const [value = '', list = ''] = inputs
  const shapeOf = (name: string): readonly number[] => tensors.get(name)?.shape ?? []
  const isFirst = (axis: number): boolean => axis === 0 || axis === -shapeOf(value).length
  if (operator === 'Transpose') return Array.isArray(attributes.perm) && attributes.perm[0] !== 0
  if (operator.startsWith('Reduce')) {
    const axes = Array.isArray(attributes.axes) ? (attributes.axes as number[]) : tensors.get(list)?.data
    if (!axes || axes.length === 0 || [...axes].some(isFirst)) return true
  }
  if (Object.hasOwn(defaultAxis, operator) && isFirst(Number(attributes.axis ?? defaultAxis[operator]))) return true
  const hasAll = (name: string): boolean => shapeOf(name)[0] === batch
  return outputs.slice(0, 1).some(hasAll) && !hasAll(value)
}
