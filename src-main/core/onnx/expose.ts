import { ModelMessage, type GraphProto, type ModelProto } from './schema.ts'

/**
 * The file with further tensors of its graph as outputs. A message that protobuf finds in two pieces is one message, so
 * the names are appended and nothing is rewritten (https://protobuf.dev/programming-guides/encoding/#last-one-wins).
 */
export function withOutputs(bytes: Uint8Array, names: readonly string[]): Uint8Array {
  const piece = ModelMessage.encode(ModelMessage.fromObject({ graph: { output: names.map((name) => ({ name })) } }))
  return joined(bytes, piece.finish())
}

/**
 * The file with a tensor of its graph as its input, of this shape and of float32; the nodes that computed it are gone,
 * and so are inputs that nothing reads any more. Unchanged where no node computes such a tensor.
 */
export function withInput(bytes: Uint8Array, name: string, shape: readonly (number | string)[]): Uint8Array {
  const model = ModelMessage.decode(bytes) as unknown as ModelProto
  const { graph } = model
  if (!graph?.node.some(({ output }) => output.includes(name))) return bytes
  const nodes = neededNodes(graph, name)
  const read = new Set(nodes.flatMap(({ input }) => input))
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }))
  const input = [
    ...graph.input.filter((each) => read.has(each.name ?? '')),
    { name, type: { tensorType: { elemType: 1, shape: { dim } } } },
  ]
  return ModelMessage.encode({ ...model, graph: { ...graph, node: nodes, input } }).finish()
}

/** The part of a file that computes these tensors, for those that need none of its inputs. */
export function constantPart(bytes: Uint8Array, names: readonly string[]): Uint8Array {
  const model = ModelMessage.decode(bytes) as unknown as ModelProto
  const graph = model.graph ?? { node: [], initializer: [], input: [], output: [], sparseInitializer: [] }
  const output = names.map((name) => ({ name }))
  const node = neededNodes({ ...graph, output }, '')
  const read = new Set(node.flatMap((each) => each.input))
  const initializer = graph.initializer.filter(({ name = '' }) => read.has(name))
  const given = new Set(initializer.map(({ name }) => name))
  const input = graph.input.filter(({ name }) => given.has(name))
  return ModelMessage.encode({ ...model, graph: { ...graph, node, initializer, input, output } }).finish()
}

/** What the outputs need where `given` is given; everything where branches may read more than nodes say. */
function neededNodes({ node: nodes, output }: GraphProto, given: string): GraphProto['node'] {
  const others = nodes.filter((node) => !node.output.includes(given))
  if (others.some(({ attribute }) => attribute.some((each) => Object.hasOwn(each, 'g')))) return others
  const needed = new Set(output.map(({ name }) => name ?? ''))
  const kept = new Set<GraphProto['node'][number]>()
  const writers = new Map(others.flatMap((node) => node.output.map((name) => [name, node] as const)))
  const pending = [...needed]
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const writer = writers.get(name)
    if (!writer || kept.has(writer)) continue
    kept.add(writer)
    pending.push(...writer.input)
  }
  return others.filter((node) => kept.has(node))
}

function joined(left: Uint8Array, right: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(left.length + right.length)
  bytes.set(left)
  bytes.set(right, left.length)
  return bytes
}
