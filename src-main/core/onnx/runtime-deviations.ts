import { intAttribute, intsAttribute, stringAttribute } from '../graph/attributes.ts'
import type { Graph, Node } from '../graph/graph.ts'

/**
 * A case in which ONNX Runtime is known to refuse a legal model, or to compute something else than the operators' text
 * says. docs/onnx-runtime.md is this table for people; a test holds the two together.
 */
export interface RuntimeDeviation {
  readonly operator: string
  /** What the file asks for. */
  readonly asked: string
  /** The first node of a graph that asks for it, where a node can tell. */
  find?(graph: Graph): Node | undefined
  /** What ONNX Runtime says where it refuses. */
  readonly refusal?: RegExp
}

/** Versions of ONNX Runtime in which the table was seen. */
export const deviatingVersions = '1.30 to 1.32'

const isSame = (node: Node): boolean => stringAttribute(node, 'auto_pad', '').startsWith('SAME')
const first =
  (operators: readonly string[], asks: (node: Node, graph: Graph) => boolean) =>
  (graph: Graph): Node | undefined =>
    graph.nodes.find((node) => node.domain === '' && operators.includes(node.operator) && asks(node, graph))

export const runtimeDeviations: readonly RuntimeDeviation[] = [
  {
    operator: 'MaxPool, AveragePool',
    asked: '`auto_pad` SAME with windows smaller than their stride',
    find: first(['MaxPool', 'AveragePool'], (node) => {
      const kernel = intsAttribute(node, 'kernel_shape') ?? []
      const strides = intsAttribute(node, 'strides') ?? []
      return isSame(node) && kernel.some((size, axis) => size < (strides[axis] ?? 1))
    }),
    refusal: /padding values must be non-negative/,
  },
  {
    operator: 'MaxPool, AveragePool',
    asked: '`auto_pad` SAME with dilations',
    find: first(['MaxPool', 'AveragePool'], (node) => isSame(node) && isDilated(node)),
  },
  {
    operator: 'Conv',
    asked: '`auto_pad` SAME with dilations',
    find: first(['Conv'], (node) => isSame(node) && isDilated(node)),
    refusal: /Dilation not supported for AutoPadType/,
  },
  {
    operator: 'Pad before AveragePool, MaxPool',
    asked: 'padding by a node of its own',
    find(graph) {
      const pads = graph.nodes.filter(({ operator }) => operator === 'Pad').flatMap(({ outputs }) => outputs)
      return first(['MaxPool', 'AveragePool'], ({ inputs }) => pads.includes(inputs[0] ?? ''))(graph)
    },
    refusal: /pool_attributes\.h/,
  },
  {
    operator: 'pools',
    asked: '`ceil_mode` below operator set 22',
    find: first(
      ['MaxPool', 'AveragePool', 'LpPool'],
      (node, graph) => (node.opset ?? graph.opset) < 22 && intAttribute(node, 'ceil_mode', 0) === 1,
    ),
  },
  {
    operator: 'Resize',
    asked: 'scales above 1 that leave every size as it is',
    find: first(['Resize', 'Upsample'], ({ inputs }, { constants }) => {
      const scales = constants.get(inputs[2] ?? inputs[1] ?? '')?.data
      return (
        scales !== undefined && scales.some((scale) => scale > 1) && scales.every((scale) => scale >= 1 && scale < 2)
      )
    }),
  },
  {
    operator: 'Resize',
    asked: 'a box (`tf_crop_and_resize`) that keeps the length of an axis',
    find: first(
      ['Resize'],
      (node) => stringAttribute(node, 'coordinate_transformation_mode', '') === 'tf_crop_and_resize',
    ),
  },
  { operator: 'Conv, Gemm, …', asked: 'bfloat16', refusal: /Could not find an implementation for \w+\(22\)/ },
  {
    operator: 'functions',
    asked: 'an operator set of their own',
    find: (graph) => graph.nodes.find(({ opset }) => opset !== undefined && opset !== graph.opset),
  },
  { operator: 'any', asked: 'IR version 14 and later', refusal: /Unsupported model IR version/ },
  {
    operator: 'Gemm and others',
    asked: 'operator sets below 7',
    find: (graph) => (graph.opset < 7 ? graph.nodes[0] : undefined),
  },
]

const isDilated = (node: Node): boolean => (intsAttribute(node, 'dilations') ?? []).some((rate) => rate !== 1)

/** A known deviation that a graph meets. */
export interface MetDeviation extends Pick<RuntimeDeviation, 'operator' | 'asked'> {
  readonly node?: string
}

/** The first known deviation of a graph; where ONNX Runtime refuses it, of that refusal. */
export function deviationOf(graph: Graph, refusal?: string): MetDeviation | undefined {
  const met = runtimeDeviations.flatMap((deviation) => {
    const node = deviation.find?.(graph)
    const isSaid = refusal !== undefined && deviation.refusal?.test(refusal) === true
    return node || isSaid ? [{ deviation, node, isSaid }] : []
  })
  const [found] = [...met.filter(({ isSaid }) => isSaid), ...met]
  if (!found) return undefined
  const { operator, asked } = found.deviation
  return { operator, asked, ...(found.node && { node: found.node.name }) }
}
