/** Places a network's nodes in layers from top to bottom, and a deep network in columns side by side, so that it can be seen whole. */
import dagre from '@dagrejs/dagre'
import type { Edge, MarkerType, Node } from '@xyflow/svelte'
import type { CutView, NetworkPicture } from '../api.ts'
import { mostWhole, type DrawnNode, type DrawnPicture } from './collapse.ts'

export type PictureNode = NetworkPicture['nodes'][number]

export interface LayerNodeData extends Record<string, unknown> {
  readonly node: DrawnNode
  /** Why the node cannot be protected. */
  readonly refusal?: string
  readonly found: boolean
  /** Of the node that computes it, for its colour. */
  readonly segment?: number
  /** Draws a box node by node. */
  readonly onopen?: () => void
}

/** Where a network is cut, or can be. */
export interface CutHandle {
  readonly after: string
  /** Absent where there is no cut. */
  readonly kind?: CutView['kind']
  toggle(): void
}

export type LayerNode = Node<LayerNodeData, 'layer'>

export const nodeSize = { width: 190, height: 52 }

export interface PlacedNetwork {
  readonly nodes: LayerNode[]
  readonly edges: Edge[]
  readonly width: number
  readonly height: number
}

/** @param wraps breaks even a short network into columns, so that it can be seen whole */
export function placed(picture: DrawnPicture, wraps = picture.nodes.length > mostWhole): PlacedNetwork {
  const graph = new dagre.graphlib.Graph()
  graph.setGraph({ rankdir: 'TB', nodesep: 26, ranksep: 30 })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const { id } of picture.nodes) graph.setNode(id, { ...nodeSize })
  for (const { from, to } of picture.edges) graph.setEdge(from, to)
  dagre.layout(graph)
  const nodes = picture.nodes.map((node): LayerNode => {
    const { x, y } = graph.node(node.id) as { x: number; y: number }
    const position = { x: x - nodeSize.width / 2, y: y - nodeSize.height / 2 }
    return { id: node.id, type: 'layer', position, data: { node, found: false }, ...nodeSize }
  })
  const edges = [...new Map(picture.edges.map(({ from, to }) => [`${from}→${to}`, { from, to }]))].map(
    ([id, { from, to }]): Edge => ({
      id,
      source: from,
      target: to,
      selectable: false,
      focusable: false,
      markerEnd: { type: 'arrowclosed' as MarkerType, width: 16, height: 16 },
    }),
  )
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number }
  return { ...fitted(nodes, width, height, wraps ? pane.height : mostHeight), edges }
}

/** Each cut stands on the first edge that leaves its node, or the box that ends with it. */
export function withCuts({ nodes, edges }: PlacedNetwork, cuts: ReadonlyMap<string, CutHandle>): Edge[] {
  const free = new Map(nodes.map(({ id, data }) => [id, cuts.get(data.node.group?.members.at(-1)?.id ?? id)]))
  return edges.map((edge) => {
    const cut = free.get(edge.source)
    free.delete(edge.source)
    return cut ? { ...edge, type: 'cut', data: { cut } } : edge
  })
}

/** Of the pane in the smallest window. */
const pane = { width: 980, height: 380 }
/** A network of a few nodes is broken into columns where it is higher. */
const mostHeight = 1200
const mostColumns = 16
const columnGap = 90

/** As many columns as let a deep network be seen whole and largest. */
function fitted(nodes: LayerNode[], width: number, height: number, mostHeight: number): Omit<PlacedNetwork, 'edges'> {
  if (height <= mostHeight) return { nodes, width, height }
  const zoom = ({ width, height }: Omit<PlacedNetwork, 'edges'>) =>
    Math.min(1, pane.width / width, pane.height / height)
  const candidates = Array.from({ length: mostColumns }, (_, k) => inColumns(nodes, width, height, k + 1))
  return candidates.reduce((best, candidate) => (zoom(candidate) > zoom(best) ? candidate : best))
}

function inColumns(nodes: LayerNode[], width: number, height: number, columns: number): Omit<PlacedNetwork, 'edges'> {
  const columnHeight = height / columns
  const columnOf = (y: number): number => Math.min(columns - 1, Math.floor((y + nodeSize.height / 2) / columnHeight))
  const tops = nodes.reduce<number[]>((least, { position: { y } }) => {
    const column = columnOf(y)
    least[column] = Math.min(least[column] ?? Infinity, y)
    return least
  }, [])
  const moved = nodes.map((node) => {
    const { x, y } = node.position
    const column = columnOf(y)
    return { ...node, position: { x: x + column * (width + columnGap), y: y - tops[column] } }
  })
  const bottom = Math.max(...moved.map(({ position }) => position.y)) + nodeSize.height
  return { nodes: moved, width: columns * (width + columnGap) - columnGap, height: bottom }
}
