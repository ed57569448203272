import { UserError } from '../errors.ts'
import { must, present } from '../must.ts'
import {
  GraphMessage,
  toNumber,
  type AttributeProto,
  type FunctionProto,
  type GraphProto,
  type NodeProto,
  type TensorProto,
} from './schema.ts'

/** Functions that call functions can grow exponentially; real exports stay far below. */
const maximumNodes = 100_000
const maximumDepth = 64

type Rename = (name: string) => string
type Given = ReadonlyMap<string, AttributeProto>

/**
 * Replaces calls of model-local functions by their bodies (ONNX IR, "Functions"), in the branches of Ifs too.
 * Before: node y = F(x; a) with F in the model. After: F's nodes, inner names prefixed by the call's own, attribute
 * references replaced by the call's attributes or F's defaults; a reference to an attribute nobody gave is dropped.
 * The nodes keep F's own version of the operator set.
 */
export function inlineFunctions(nodes: readonly NodeProto[], functions: readonly FunctionProto[]): NodeProto[] {
  const byKey = new Map(functions.map((body) => [keyOf(body.domain, body.name, body.overload), body]))
  let count = 0

  const expand = (node: NodeProto, depth: number): NodeProto[] => {
    if (++count > maximumNodes) throw tooLarge(`more than ${maximumNodes} nodes`)
    if (depth > maximumDepth) throw tooLarge(`“${node.name || node.opType}” is nested too deeply, or calls itself`)
    const body = byKey.get(keyOf(node.domain, node.opType, node.overload))
    if (body) return expandCall(node, body, depth)
    return [node.opType === 'If' ? expandBranches(node, depth) : node]
  }

  const expandCall = (node: NodeProto, body: FunctionProto, depth: number): NodeProto[] => {
    const prefix = `${node.name || node.opType}#${count}/`
    const names = new Map<string, string>()
    body.output.forEach((name, index) => names.set(name, node.output[index] || `${prefix}${name}`))
    body.input.forEach((name, index) => names.set(name, node.input[index] ?? ''))
    const rename: Rename = (name) => (name === '' ? '' : (names.get(name) ?? `${prefix}${name}`))
    const given = new Map([...body.attributeProto, ...node.attribute].map((proto) => [proto.name ?? '', proto]))
    const functionOpset = opsetOf(body)
    const inner = body.node.flatMap((child) =>
      expand(instantiate({ ...nodeFields(child), functionOpset }, prefix, rename, given, depth), depth + 1),
    )
    return [...inner, ...passThrough(body, names, node, prefix)]
  }

  const expandBranches = (node: NodeProto, depth: number): NodeProto => {
    const captured = new Set<string>()
    const attribute = node.attribute.map((proto) => {
      const branch = branchOf(proto)
      if (!branch) return proto
      const expanded = branch.node.flatMap((child) => expand(child, depth + 1))
      const own = new Set([
        ...branch.initializer.map(({ name }) => name ?? ''),
        ...expanded.flatMap(({ output }) => output),
      ])
      const used = [...expanded.flatMap(({ input }) => input), ...branch.output.map(({ name }) => name ?? '')]
      for (const name of used) if (name !== '' && !own.has(name)) captured.add(name)
      return withBranch(proto, { ...branchFields(branch), node: expanded })
    })
    return { ...nodeFields(node), input: [...node.input, ...captured], attribute }
  }

  return nodes.flatMap((node) => expand(node, 0))
}

/** A node of a function's body as part of the call: names made unique, attribute references resolved. */
function instantiate(node: NodeProto, prefix: string, rename: Rename, given: Given, depth: number): NodeProto {
  if (depth > maximumDepth) throw tooLarge(`“${node.name || node.opType}” is nested too deeply`)
  const attribute = node.attribute
    .flatMap((proto) => resolve(proto, given))
    .map((proto) => {
      const branch = node.opType === 'If' ? branchOf(proto) : undefined
      if (!branch) return proto
      const renamed = {
        ...branchFields(branch),
        node: branch.node
          .map((child) => ({ ...nodeFields(child), functionOpset: node.functionOpset }))
          .map((child) => instantiate(child, prefix, rename, given, depth + 1)),
        initializer: branch.initializer.map((tensor) =>
          Object.assign(Object.create(tensor) as TensorProto, tensor, { name: rename(tensor.name ?? '') }),
        ),
        output: branch.output.map((output) => ({ ...output, name: rename(output.name ?? '') })),
      }
      return withBranch(proto, renamed)
    })
  const [input, output] = [node.input.map(rename), node.output.map(rename)]
  return { ...nodeFields(node), name: `${prefix}${node.name || node.opType}`, input, output, attribute }
}

/** protobufjs keeps defaults on the prototype, where a spread does not find them. */
const nodeFields = (node: NodeProto): NodeProto => {
  const { name, opType, domain, overload, input, output, attribute, functionOpset } = node
  return { name, opType, domain, overload, input, output, attribute, functionOpset }
}

const branchFields = ({ name, node, initializer, input, output, sparseInitializer }: GraphProto): GraphProto => {
  return { name, node, initializer, input, output, sparseInitializer }
}

const withBranch = (proto: AttributeProto, branch: GraphProto): AttributeProto =>
  Object.assign(Object.create(proto) as AttributeProto, proto, { branch })

function branchOf(proto: AttributeProto): GraphProto | undefined {
  if (proto.branch) return proto.branch
  if (!Object.hasOwn(proto, 'g')) return undefined
  try {
    return GraphMessage.decode(present(proto.g)) as unknown as GraphProto
  } catch (cause) {
    throw new UserError('bad-graph', `The branch “${proto.name}” of an If is damaged.`, { cause })
  }
}

/** An output that is directly one of the function's inputs needs a node of its own. */
function passThrough(
  body: FunctionProto,
  names: ReadonlyMap<string, string>,
  call: NodeProto,
  prefix: string,
): NodeProto[] {
  return body.output.flatMap((name, index) => {
    if (!body.input.includes(name) || !call.output[index]) return []
    const edge = { input: [must(names, name)], output: [call.output[index]] }
    return [{ name: `${prefix}output_${index}`, opType: 'Identity', domain: '', attribute: [], ...edge }]
  })
}

function resolve(proto: AttributeProto, given: Given): AttributeProto[] {
  if (!proto.refAttrName) return [proto]
  const actual = given.get(proto.refAttrName)
  return actual ? [Object.assign(Object.create(actual) as AttributeProto, actual, { name: proto.name })] : []
}

/** Of the default domain; undefined where the function says nothing. */
const opsetOf = ({ opsetImport }: FunctionProto): number | undefined =>
  toNumber(opsetImport.find(({ domain }) => !domain || domain === 'ai.onnx')?.version) || undefined

const keyOf = (domain = '', name = '', overload = ''): string =>
  JSON.stringify([domain === 'ai.onnx' ? '' : domain, name, overload])

const tooLarge = (what: string): UserError =>
  new UserError('bad-graph', `The model's functions and branches cannot be expanded: ${what}.`)
