/** Places a network's nodes in layers from top to bottom, and a deep network in columns side by side, so that it can be seen whole. */
import dagre from '@dagrejs/dagre'
import type { Edge, MarkerType, Node } from '@xyflow/svelte'
import type { NetworkPicture } from '../api.ts'

export type PictureNode = NetworkPicture['nodes'][number]

export interface LayerNodeData extends Record<string, unknown> {
  readonly node: PictureNode
  /** Why the node cannot be protected. */
  readonly refusal?: string
  readonly found: boolean
}

export type LayerNode = Node<LayerNodeData, 'layer'>

export const nodeSize = { width: 190, height: 52 }

export interface PlacedNetwork {
  readonly nodes: LayerNode[]
  readonly edges: Edge[]
  readonly width: number
  readonly height: number
}

export function placed(picture: NetworkPicture): PlacedNetwork {
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
  return { ...wrapped(nodes, width, height), edges }
}

/** Above this height a network is broken into columns that together are about as wide as a window. */
const mostHeight = 2400
const aspect = 1.6
const columnGap = 90

function wrapped(nodes: LayerNode[], width: number, height: number): Omit<PlacedNetwork, 'edges'> {
  if (height <= mostHeight) return { nodes, width, height }
  const columns = Math.ceil(Math.sqrt((aspect * height) / (width + columnGap)))
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
