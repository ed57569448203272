import type { Tensor } from '../graph/graph.ts'
import { countOf } from '../graph/shapes.ts'
import { sizeOf, type LinearMap } from '../network/layer-model.ts'
import { imageShape } from './network-builder.ts'
import { FoldOperation, listOf, unlessRefused, type Operation, type Operator } from './operation.ts'
import { constantOf, type View } from './values.ts'

/** Inputs above this, and maps above so many numbers, would take too long to probe. */
const maximumInputs = 4096
const maximumNumbers = 2 ** 22
/** Points at which a map is compared with what the probes say; each is random, over several magnitudes. */
const points = [1, 1e-3, 30, 1]
const tolerance = 1e-9

/**
 * Any operator that is an affine map of its one input that is no constant, such as Einsum with a constant or a product with
 * a stack of matrices.
 * Before: y = f(x, c). After: y = A·x + f(0, c), the columns of A being f(eᵢ, c) − f(0, c). Conditions: f can be computed;
 * f(x) is what A says at random points, also where signs and sizes change, which no bend or product of inputs survives.
 * Undefined where that does not hold.
 */
export function probeAffine(operator: Operator, operation: Operation): readonly View[] | undefined {
  const fold = operator.fold?.bind(operator)
  const place = operation.inputs.findIndex((value) => value?.kind === 'view')
  const others = operation.inputs.filter((value) => value?.kind === 'view')
  if (!fold || others.length !== 1 || operation.batch > 1) return undefined
  const view = operation.view(place)
  const inputs = countOf(view.shape)
  if (inputs > maximumInputs) return undefined
  const compute = (data: Float64Array): readonly Tensor[] => {
    const given = operation.inputs.with(place, constantOf({ elementType: 'float', shape: view.shape, data }))
    return listOf(fold(new FoldOperation(operation.node, operation.opset, given)))
  }
  return unlessRefused(() => {
    const zero = compute(new Float64Array(inputs))
    const outputs = zero.reduce((sum, { data }) => sum + data.length, 0)
    if (zero.some(({ elementType }) => elementType !== 'float') || inputs * outputs > maximumNumbers) return undefined
    if (bends(zero, inputs, compute)) return undefined
    const columns = Array.from({ length: inputs }, (_, at) => {
      const basis = new Float64Array(inputs)
      basis[at] = 1
      return compute(basis)
    })
    const isAffine = points.every((size, point) => {
      const x = Float64Array.from({ length: inputs }, (_, at) => size * Math.sin(1 + 7.3 * at + 2.1 * point))
      return compute(x).every(({ data }, output) => {
        const shift = zero[output].data
        const expected = Float64Array.from(shift)
        columns.forEach((column, at) => {
          const values = column[output].data
          for (let row = 0; row < expected.length; row++) expected[row] += x[at] * (values[row] - shift[row])
        })
        const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), size)
        return (
          data.length === expected.length &&
          data.every((value, row) => Math.abs(value - expected[row]) <= tolerance * largest)
        )
      })
    })
    if (!isAffine) return undefined
    return zero.map((shift, output) =>
      addMap(
        operation,
        view,
        shift,
        columns.map((column) => column[output].data),
      ),
    )
  })
}

/** Whether f(−x) is not 2·f(0) − f(x) for one x: a cheap answer for nearly all that is not affine. */
function bends(zero: readonly Tensor[], inputs: number, compute: (data: Float64Array) => readonly Tensor[]): boolean {
  const x = Float64Array.from({ length: inputs }, (_, at) => 1.7 * Math.sin(1 + 7.3 * at))
  const [plus, minus] = [compute(x), compute(x.map((value) => -value))]
  return zero.some(({ data }, output) => {
    const [ahead, back] = [plus[output].data, minus[output].data]
    return (
      ahead.length !== data.length ||
      back.length !== data.length ||
      data.some((value, at) => Math.abs(ahead[at] + back[at] - 2 * value) > 1e-6 * (1 + Math.abs(ahead[at])))
    )
  })
}

/** columns[i][o] is what input i adds to output o, the shift included. */
function addMap(operation: Operation, view: View, shift: Tensor, columns: readonly Float64Array[]): View {
  const { network } = operation
  const { source, order } = view
  const size = sizeOf(network.shapeOf(source))
  const rows = shift.data.length
  const weight = new Float64Array(rows * size)
  columns.forEach((column, at) => {
    const from = order ? order[at] : at
    if (from >= 0) column.forEach((value, row) => (weight[row * size + from] += value - shift.data[row]))
  })
  const shape = imageShape(shift.shape)
  const terms = [{ input: source, map: mapOf(weight, rows, size) }]
  return { kind: 'view', source: network.addLinear(terms, shift.data, shape), shape: shift.shape }
}

/** Few numbers are kept by their places. */
function mapOf(weight: Float64Array, rows: number, size: number): LinearMap {
  const used = weight.reduce((count, value) => count + Number(value !== 0), 0)
  if (4 * used > weight.length) return { kind: 'dense', weight }
  const rowStarts = new Int32Array(rows + 1)
  const columns = new Int32Array(used)
  const values = new Float64Array(used)
  let at = 0
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < size; column++) {
      const value = weight[row * size + column]
      if (value === 0) continue
      columns[at] = column
      values[at++] = value
    }
    rowStarts[row + 1] = at
  }
  return { kind: 'sparse', rowStarts, columns, values }
}
