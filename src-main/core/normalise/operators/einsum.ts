import { stringAttribute } from '../../graph/attributes.ts'
import type { Tensor } from '../../graph/graph.ts'
import { countOf, stridesOf } from '../../graph/shapes.ts'
import type { FoldOperation, Operator } from '../operation.ts'

/** Steps of all sums together; no network that can be encrypted comes near. */
const maximumSteps = 2 ** 26

/** Einsum of constants: https://onnx.ai/onnx/operators/onnx__Einsum.html; with one input that is none it is probed. */
export const einsum: Operator = {
  fold(operation) {
    const tensors = operation.inputs.map((_, index) => operation.constant(index))
    const { terms, result } = equationOf(operation, tensors)
    const sizes = new Map<string, number>()
    terms.forEach((term, index) =>
      term.forEach((letter, axis) => {
        const size = tensors[index].shape[axis]
        const known = sizes.get(letter) ?? 1
        if (known !== 1 && size !== 1 && known !== size)
          throw operation.malformed(`“${letter}” is ${known} and ${size}`)
        sizes.set(letter, Math.max(known, size))
      }),
    )
    const letters = [...result, ...[...sizes.keys()].filter((letter) => !result.includes(letter))]
    const lengths = letters.map((letter) => sizes.get(letter) ?? 1)
    if (countOf(lengths) * tensors.length > maximumSteps) throw operation.refuse('it has too many terms')
    const strides = terms.map((term, index) => {
      const own = stridesOf(tensors[index].shape)
      return letters.map((letter) =>
        term.reduce((sum, each, axis) => sum + (each === letter && tensors[index].shape[axis] > 1 ? own[axis] : 0), 0),
      )
    })
    const shape = result.map((letter) => sizes.get(letter) ?? 1)
    const data = new Float64Array(countOf(shape))
    const summed = countOf(lengths.slice(result.length))
    const places = new Array<number>(letters.length).fill(0)
    const offsets = new Array<number>(terms.length).fill(0)
    for (let at = 0, steps = data.length * summed; at < steps; at++) {
      let product = 1
      for (let index = 0; index < tensors.length; index++) product *= tensors[index].data[offsets[index]]
      data[Math.floor(at / summed)] += product
      for (let axis = letters.length - 1; axis >= 0; axis--) {
        const isWrapped = ++places[axis] === lengths[axis]
        const moved = isWrapped ? 1 - lengths[axis] : 1
        for (let index = 0; index < offsets.length; index++) offsets[index] += moved * strides[index][axis]
        if (!isWrapped) break
        places[axis] = 0
      }
    }
    return { elementType: 'float', shape, data }
  },
}

/** Axes of every input and of the result as letters; those of an ellipsis are numbers, counted from the right. */
function equationOf(operation: FoldOperation, tensors: readonly Tensor[]) {
  const equation = stringAttribute(operation.node, 'equation', '').replaceAll(' ', '')
  const [left, right] = equation.split('->') as [string, string | undefined]
  const given = left.split(',')
  if (!/^[A-Za-z.,]*(->[A-Za-z.]*)?$/.test(equation) || given.length !== tensors.length) {
    throw operation.malformed(`equation “${equation}” does not fit ${tensors.length} inputs`)
  }
  let widest = 0
  const terms = given.map((term, index) => {
    const letters = term.replace('...', '')
    const rest = tensors[index].shape.length - letters.length
    if (rest < 0 || (rest > 0 && !term.includes('...'))) {
      throw operation.malformed(`“${term}” does not fit [${tensors[index].shape}]`)
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
  return { terms, result }
}

const dots = (count: number): string[] => Array.from({ length: count }, (_, at) => String(count - at))

function spread(term: string, rest: number): string[] {
  const [before, after] = term.split('...') as [string, string | undefined]
  return after === undefined ? lettersOf(before) : [...lettersOf(before), ...dots(rest), ...lettersOf(after)]
}

const lettersOf = (text: string): string[] => Array.from(text)
