/** Places a network's nodes in layers from top to bottom. */
import dagre from '@dagrejs/dagre'
import type { Edge, Node } from '@xyflow/svelte'
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
    ([id, { from, to }]): Edge => ({ id, source: from, target: to, selectable: false, focusable: false }),
  )
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number }
  return { nodes, edges, width, height }
}
