import { present } from '../must.ts'
import type { Node, Tensor } from '../graph/graph.ts'
import { countOf } from '../graph/shapes.ts'
import type { Tail } from '../network/tail.ts'
import { runTail } from './run-tail.ts'

/**
 * A tail for any number of samples at once, from one for a single sample: a Reshape to [1, …] keeps the first dimension
 * that it finds instead. Undefined where a sample has several rows, or where two samples together do not give what each gives by itself.
 */
export function freeBatch(tail: Tail): Tail | undefined {
  if (tail.inputs.some(({ shape }) => shape[0] !== 1)) return undefined
  const constants = new Map(tail.constants)
  const nodes = tail.nodes.map((node) => freed(node, constants))
  const free = { ...tail, nodes, constants }
  return [1, 2, 3].every((seed) => keepsApart(tail, free, seed)) ? free : undefined
}

function freed(node: Node, constants: Map<string, Tensor>): Node {
  const [value = '', shape = ''] = node.inputs
  const sizes = constants.get(shape)
  if (node.operator !== 'Reshape' || sizes?.data[0] !== 1 || node.attributes.allowzero) return node
  const name = `${shape} of any number`
  constants.set(name, { ...sizes, data: sizes.data.with(0, 0) })
  return { ...node, inputs: [value, name] }
}

/** On arbitrary outputs, whether two samples at once give those of one, then those of the other. */
function keepsApart(tail: Tail, free: Tail, seed: number): boolean {
  const sizes = tail.inputs.map(({ shape }) => countOf(shape))
  const samples = [0, 1].map((which) =>
    sizes.map((size, part) =>
      Float64Array.from({ length: size }, (_, at) => 3 * Math.sin(seed * (7 * at + 5 * part + 3 * which + 1))),
    ),
  )
  const both = sizes.flatMap((_, part) => samples.flatMap((parts) => [...present(parts[part])]))
  const inputs = tail.inputs.map(({ name, shape: [first = 1, ...rest] }) => ({ name, shape: [2 * first, ...rest] }))
  const together = attempt({ ...free, inputs }, both)
  const alone = samples.map((parts) =>
    attempt(
      tail,
      parts.flatMap((part) => Array.from(part)),
    ),
  )
  return tail.outputs.every((name) => {
    const [left, right] = alone.map((tensors) => tensors?.get(name))
    const found = together?.get(name)
    if (!left || !right || found?.shape[0] !== 2 * (left.shape[0] ?? NaN)) return false
    const expected = [...left.data, ...right.data]
    return found.data.length === expected.length && found.data.every((value, at) => Object.is(value, expected[at]))
  })
}

/** Undefined where such shapes cannot be computed with. */
function attempt(tail: Tail, outputs: readonly number[]): ReadonlyMap<string, Tensor> | undefined {
  try {
    return runTail(tail, Float64Array.from(outputs))
  } catch {
    return undefined
  }
}
