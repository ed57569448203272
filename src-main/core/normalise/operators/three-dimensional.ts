import { intsAttribute, stringAttribute } from '../../graph/attributes.ts'
import type { Tensor } from '../../graph/graph.ts'
import { selectedAlong } from '../../graph/rearrange.ts'
import { Operation, listOf, type Operator } from '../operation.ts'
import { constantOf, rearrangeTensor, type Value } from '../values.ts'

/**
 * Windowed operators in three dimensions of which one has length 1.
 * Before: y = Conv3d(x, W), x of [1, C, 1, H, W]. After: Conv2d of the only slice of W that meets x, without that axis.
 * Conditions: the window stands at one place along the axis; it may be padded there.
 */
export function alsoThreeDimensional(operator: Operator, kind: 'conv' | 'max' | 'average'): Operator {
  const lower = operator.lower?.bind(operator)
  if (!lower) return operator
  return {
    ...operator,
    lower(operation) {
      const view = operation.view(0)
      if (view.shape.length !== 5) return lower(operation)
      const weight = kind === 'conv' ? operation.constant(1) : undefined
      const axis = [0, 1, 2].find((each) => view.shape[each + 2] === 1)
      const flat = axis === undefined ? undefined : flattened(operation, axis, weight)
      if (axis === undefined || !flat) return lower(operation)
      if (kind === 'average' && flat.extent > 1) return lower(operation)
      const shape = view.shape.toSpliced(axis + 2, 1)
      const inputs: Value[] = [{ ...view, shape }]
      if (weight) {
        const slice = selectedAlong(weight.shape, axis + 2, [flat.tap])
        const cut = rearrangeTensor(weight, slice)
        inputs.push(constantOf({ ...cut, shape: cut.shape.toSpliced(axis + 2, 1) }))
      }
      const rest = operation.inputs.slice(inputs.length)
      const { network, opset, isLast } = operation
      const node = { ...operation.node, attributes: flat.attributes }
      const inner = new Operation(node, opset, [...inputs, ...rest], network, isLast)
      return listOf(lower(inner)).map((value) =>
        value.kind === 'view' ? { ...value, shape: value.shape.toSpliced(axis + 2, 0, 1) } : value,
      )
    },
  }
}

/** The attributes without an axis of length 1, and which tap of the window meets it; undefined where that is not one place. */
function flattened({ node }: Operation, axis: number, weight: Tensor | undefined) {
  const kernel = weight?.shape.slice(2) ?? intsAttribute(node, 'kernel_shape') ?? []
  if (kernel.length !== 3) return undefined
  const number = (name: string): number => intsAttribute(node, name)?.[axis] ?? 1
  const dilation = number('dilations')
  const extent = (kernel[axis] - 1) * dilation + 1
  const pads = intsAttribute(node, 'pads')
  const mode = stringAttribute(node, 'auto_pad', 'NOTSET')
  const half = (extent - 1) / 2
  const [before, after] = mode.startsWith('SAME')
    ? mode === 'SAME_UPPER'
      ? [Math.floor(half), Math.ceil(half)]
      : [Math.ceil(half), Math.floor(half)]
    : [pads?.[axis] ?? 0, pads?.[axis + 3] ?? 0]
  const places = Math.floor((1 + before + after - extent) / number('strides')) + 1
  const tap = before / dilation
  if (places !== 1 || !Number.isInteger(tap) || tap >= kernel[axis]) return undefined
  const without = (values: readonly number[] | undefined) => values?.toSpliced(axis, 1)
  const lists = Object.entries({
    kernel_shape: without(kernel),
    strides: without(intsAttribute(node, 'strides')),
    dilations: without(intsAttribute(node, 'dilations')),
    pads: pads?.toSpliced(axis + 3, 1).toSpliced(axis, 1),
  }).flatMap(([name, value]) => (value ? [[name, value] as const] : []))
  return { tap, extent, attributes: { ...node.attributes, ...Object.fromEntries(lists) } }
}
