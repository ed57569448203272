import { UserError } from '../errors.ts'
import type { AttributeProto, FunctionProto, NodeProto } from './schema.ts'

/** Functions that call functions can grow exponentially; real exports stay far below. */
const maximumNodes = 100_000
const maximumDepth = 64

/**
 * Replaces calls of model-local functions by their bodies (ONNX IR, "Functions").
 * Before: node y = F(x; a) with F in the model. After: F's nodes, inner names prefixed by the call's own, attribute
 * references replaced by the call's attributes or F's defaults; a reference to an attribute nobody gave is dropped.
 */
export function inlineFunctions(nodes: readonly NodeProto[], functions: readonly FunctionProto[]): NodeProto[] {
  const byKey = new Map(functions.map((body) => [keyOf(body.domain, body.name, body.overload), body]))
  const result: NodeProto[] = []
  let calls = 0

  const visit = (node: NodeProto, depth: number): void => {
    const body = byKey.get(keyOf(node.domain, node.opType, node.overload))
    if (!body) {
      if (result.push(node) > maximumNodes) throw tooLarge(`more than ${maximumNodes} nodes`)
      return
    }
    if (depth >= maximumDepth) throw tooLarge(`function “${body.name}” nests too deeply or calls itself`)
    if (++calls > maximumNodes) throw tooLarge(`more than ${maximumNodes} function calls`)
    const prefix = `${node.name || node.opType}#${calls}/`
    const names = new Map<string, string>()
    body.output.forEach((name, index) => names.set(name, node.output[index] || `${prefix}${name}`))
    body.input.forEach((name, index) => names.set(name, node.input[index] ?? ''))
    const rename = (name: string): string => (name === '' ? '' : (names.get(name) ?? `${prefix}${name}`))
    const given = new Map([...body.attributeProto, ...node.attribute].map((proto) => [proto.name ?? '', proto]))
    for (const inner of body.node) {
      const renamed = {
        ...inner,
        name: `${prefix}${inner.name || inner.opType}`,
        opType: inner.opType,
        domain: inner.domain,
        overload: inner.overload,
        input: inner.input.map(rename),
        output: inner.output.map(rename),
        attribute: inner.attribute.flatMap((proto) => resolve(proto, given)),
      }
      visit(renamed, depth + 1)
    }
    passThrough(body, names, node, result, prefix)
  }
  for (const node of nodes) visit(node, 0)
  return result
}

/** An output that is directly one of the function's inputs needs a node of its own. */
function passThrough(
  body: FunctionProto,
  names: ReadonlyMap<string, string>,
  call: NodeProto,
  result: NodeProto[],
  prefix: string,
): void {
  body.output.forEach((name, index) => {
    if (!body.input.includes(name) || !call.output[index]) return
    const attribute: AttributeProto[] = []
    const edge = { input: [names.get(name)!], output: [call.output[index]] }
    result.push({ name: `${prefix}output_${index}`, opType: 'Identity', domain: '', attribute, ...edge })
  })
}

function resolve(proto: AttributeProto, given: ReadonlyMap<string, AttributeProto>): AttributeProto[] {
  if (!proto.refAttrName) return [proto]
  const actual = given.get(proto.refAttrName)
  return actual ? [Object.assign(Object.create(actual) as AttributeProto, actual, { name: proto.name })] : []
}

const keyOf = (domain = '', name = '', overload = ''): string =>
  JSON.stringify([domain === 'ai.onnx' ? '' : domain, name, overload])

const tooLarge = (what: string): UserError =>
  new UserError('bad-graph', `The model's functions cannot be expanded: ${what}.`)
