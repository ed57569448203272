import { stringAttribute } from '../../graph/attributes.ts'
import type { Tensor } from '../../graph/graph.ts'
import { reshaped, transposed } from '../../graph/rearrange.ts'
import { countOf, sameShape, stridesOf } from '../../graph/shapes.ts'
import type { FoldOperation, Operation, Operator } from '../operation.ts'
import { rearrangeTensor, rearrangeView, shapeOf, type View } from '../values.ts'
import { matrixOf, matrixProduct } from './product.ts'
import { BY_VALUES_HINT, checkProducts, sumsOfProducts } from './sums-of-products.ts'
import { weightedSums, type WeightedSums } from './weighted.ts'

/** Steps of all sums together; no network that can be encrypted comes near. */
const maximumSteps = 2 ** 26

/** Einsum: https://onnx.ai/onnx/operators/onnx__Einsum.html; of constants, of constants and one value, or of two values. */
export const einsum: Operator = {
  fold(operation) {
    const tensors = operation.inputs.map((_, index) => operation.constant(index))
    const { terms, result, sizes } = equationOf(
      operation,
      tensors.map(({ shape }) => shape),
    )
    return contract(operation, terms, tensors, result, sizes)
  },
  lower(operation) {
    const place = operation.inputs.findIndex((value) => value?.kind === 'view')
    const isOnly = operation.inputs.every((value, index) => index === place || value?.kind === 'constant')
    if (!isOnly) {
      const ofValues = productOfValues(operation)
      if (ofValues) return ofValues
      throw operation.refuse('it multiplies values that depend on the input', BY_VALUES_HINT)
    }
    const view = operation.view(place)
    const equation = equationOf(
      operation,
      operation.inputs.map((_, index) => shapeOf(operation.value(index))),
    )
    const { terms, result, sizes } = equation
    const term = terms[place]
    if (
      operation.batch > 1 &&
      (term[0] !== result[0] || terms.some((each, at) => at !== place && each.includes(term[0])))
    )
      throw operation.refuseAcrossSamples()
    const others = terms.filter((_, index) => index !== place)
    const kept = [...new Set(others.flat())].filter((letter) => term.includes(letter) || result.includes(letter))
    const tensors = operation.inputs.flatMap((_, index) => (index === place ? [] : [operation.constant(index)]))
    const weights = contract(operation, others, tensors, kept, sizes)
    const product = asProduct(operation, view, term, kept, weights, equation)
    return product ?? weightedSums(operation, view, sumsOf(view.shape, term, kept, weights, equation))
  },
}

/** Of two values whose first axis is that of the samples, in the result too; undefined elsewhere. */
function productOfValues(operation: Operation): View | undefined {
  const values = operation.inputs.map((_, index) => operation.value(index))
  const [left, right] = values
  if (values.length !== 2 || left.kind !== 'view' || right.kind !== 'view') return undefined
  const { terms, result, sizes } = equationOf(operation, [left.shape, right.shape])
  if (result.length === 0 || terms.some(([first]) => first !== result[0])) return undefined
  const letters = [...new Set([...result, ...terms.flat()])]
  const lengths = lengthsOf(letters, sizes)
  checkProducts(operation, lengths)
  const [lefts, rights] = [left, right].map(() => new Int32Array(countOf(lengths)))
  const steps = terms.map((term, index) => stepsOf(letters, term, [left, right][index].shape))
  walk(lengths, steps, (at, [from, of]) => {
    lefts[at] = from
    rights[at] = of
  })
  const [one, other] = [
    rearrangeView(left, { shape: lengths, indices: lefts }),
    rearrangeView(right, { shape: lengths, indices: rights }),
  ]
  return sumsOfProducts(operation, one, other, lengthsOf(result, sizes))
}

interface Equation {
  /** Letters of the axes of each input, and of the result. */
  readonly terms: readonly (readonly string[])[]
  readonly result: readonly string[]
  /** Length of each letter's axes; those of length 1 are repeated. */
  readonly sizes: ReadonlyMap<string, number>
}

const lengthsOf = (letters: readonly string[], sizes: Equation['sizes']): number[] =>
  letters.map((letter) => sizes.get(letter) ?? 1)

/** What one step along each letter's axis moves by in a tensor. */
function stepsOf(letters: readonly string[], term: readonly string[], shape: readonly number[]): number[] {
  const own = stridesOf(shape)
  return letters.map((letter) =>
    term.reduce((sum, each, axis) => sum + (each === letter && shape[axis] > 1 ? own[axis] : 0), 0),
  )
}

/** Calls `visit` for every place of the letters, the last running fastest, with an offset into each tensor. */
function walk(
  lengths: readonly number[],
  strides: readonly (readonly number[])[],
  visit: (at: number, offsets: readonly number[]) => void,
): void {
  const places = new Array<number>(lengths.length).fill(0)
  const offsets = new Array<number>(strides.length).fill(0)
  for (let at = 0, count = countOf(lengths); at < count; at++) {
    visit(at, offsets)
    for (let axis = lengths.length - 1; axis >= 0; axis--) {
      const isWrapped = ++places[axis] === lengths[axis]
      const moved = isWrapped ? 1 - lengths[axis] : 1
      for (let index = 0; index < offsets.length; index++) offsets[index] += moved * strides[index][axis]
      if (!isWrapped) break
      places[axis] = 0
    }
  }
}

function contract(
  operation: FoldOperation,
  terms: Equation['terms'],
  tensors: readonly Tensor[],
  result: readonly string[],
  sizes: Equation['sizes'],
): Tensor {
  const letters = [...new Set([...result, ...terms.flat()])]
  const lengths = lengthsOf(letters, sizes)
  if (countOf(lengths) * tensors.length > maximumSteps) throw operation.refuse('it has too many terms')
  const strides = terms.map((term, index) => stepsOf(letters, term, tensors[index].shape))
  const shape = lengthsOf(result, sizes)
  const data = new Float64Array(countOf(shape))
  const summed = countOf(lengths.slice(result.length))
  walk(lengths, strides, (at, offsets) => {
    data[Math.floor(at / summed)] += tensors.reduce(
      (product, tensor, index) => product * tensor.data[offsets[index]],
      1,
    )
  })
  return { elementType: 'float', shape, data }
}

/** A product with one matrix, where no letter is in the input, the weights and the result, and none is summed that the weights lack. */
function asProduct(
  operation: Operation,
  view: View,
  term: readonly string[],
  kept: readonly string[],
  weights: Tensor,
  { result, sizes }: Equation,
): View | undefined {
  const free = result.filter((letter) => term.includes(letter))
  const summed = term.filter((letter) => !result.includes(letter))
  const added = kept.filter((letter) => !term.includes(letter))
  const isPlain = new Set(term).size === term.length && sameShape(view.shape, lengthsOf(term, sizes))
  if (!isPlain || free.some((letter) => kept.includes(letter)) || !summed.every((letter) => kept.includes(letter))) {
    return undefined
  }
  const order = transposed(
    view.shape,
    [...free, ...summed].map((letter) => term.indexOf(letter)),
  )
  const inner = countOf(lengthsOf(summed, sizes))
  const rows = rearrangeView(rearrangeView(view, order), reshaped([...lengthsOf(free, sizes), inner]))
  const turned = rearrangeTensor(
    weights,
    transposed(
      weights.shape,
      [...summed, ...added].map((letter) => kept.indexOf(letter)),
    ),
  )
  const matrix = { ...turned, shape: [inner, countOf(lengthsOf(added, sizes))] }
  const letters = [...free, ...added]
  const product = rearrangeView(matrixProduct(operation, rows, matrixOf(matrix)), reshaped(lengthsOf(letters, sizes)))
  return rearrangeView(
    product,
    transposed(
      product.shape,
      result.map((letter) => letters.indexOf(letter)),
    ),
  )
}

function sumsOf(
  input: readonly number[],
  term: readonly string[],
  kept: readonly string[],
  weights: Tensor,
  { result, sizes }: Equation,
): WeightedSums {
  const shape = lengthsOf(result, sizes)
  const summed = [...new Set(term)].filter((letter) => !result.includes(letter))
  const lengths = lengthsOf(summed, sizes)
  const stepsIn = (letters: readonly string[]) => [stepsOf(letters, term, input), stepsOf(letters, kept, weights.shape)]
  const [inside, outside] = [stepsIn(summed), stepsIn(result)]
  const own = stridesOf(shape)
  return {
    shape,
    most: countOf(lengths),
    taps(row, add) {
      const places = shape.map((size, axis) => Math.floor(row / own[axis]) % size)
      const [from, of] = outside.map((steps) => places.reduce((sum, place, axis) => sum + place * steps[axis], 0))
      walk(lengths, inside, (_, [moved, turned]) => add(from + moved, weights.data[of + turned]))
    },
  }
}

/** Axes of every input and of the result as letters; those of an ellipsis are numbers, counted from the right. */
function equationOf(operation: FoldOperation, shapes: readonly (readonly number[])[]): Equation {
  const equation = stringAttribute(operation.node, 'equation', '').replaceAll(' ', '')
  const [left, right] = equation.split('->') as [string, string | undefined]
  const given = left.split(',')
  if (!/^[A-Za-z.,]*(->[A-Za-z.]*)?$/.test(equation) || given.length !== shapes.length) {
    throw operation.malformed(`equation “${equation}” does not fit ${shapes.length} inputs`)
  }
  let widest = 0
  const terms = given.map((term, index) => {
    const letters = term.replace('...', '')
    const rest = shapes[index].length - letters.length
    if (rest < 0 || (rest > 0 && !term.includes('...'))) {
      throw operation.malformed(`“${term}” does not fit [${shapes[index]}]`)
    }
    widest = Math.max(widest, rest)
    return spread(term, rest)
  })
  const all = terms.flat()
  const once = [...new Set(all)].filter(
    (letter) => !/^\d/.test(letter) && all.indexOf(letter) === all.lastIndexOf(letter),
  )
  const result = right === undefined ? [...dots(widest), ...once.sort()] : spread(right, widest)
  if (result.some((letter) => !all.includes(letter)))
    throw operation.malformed(`equation “${equation}” has a new letter`)
  return { terms, result, sizes: sizesOf(operation, terms, shapes) }
}

function sizesOf(operation: FoldOperation, terms: Equation['terms'], shapes: readonly (readonly number[])[]) {
  const sizes = new Map<string, number>()
  terms.forEach((term, index) =>
    term.forEach((letter, axis) => {
      const size = shapes[index][axis]
      const known = sizes.get(letter) ?? 1
      if (known !== 1 && size !== 1 && known !== size) throw operation.malformed(`“${letter}” is ${known} and ${size}`)
      sizes.set(letter, Math.max(known, size))
    }),
  )
  return sizes
}

const dots = (count: number): string[] => Array.from({ length: count }, (_, at) => String(count - at))

function spread(term: string, rest: number): string[] {
  const [before, after] = term.split('...') as [string, string | undefined]
  return after === undefined ? lettersOf(before) : [...lettersOf(before), ...dots(rest), ...lettersOf(after)]
}

const lettersOf = (text: string): string[] => Array.from(text)
