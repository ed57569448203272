/**
 * Deep networks with their blocks, and with runs of equal parts, as one box each. A block is what stands between a fork and
 * its join, or what has one name ("blocks.5/…"); parts are equal where their operators, windows, shapes and connections are.
 */
import type { NetworkPicture } from '../api.ts'

type PictureNode = NetworkPicture['nodes'][number]

/** Nodes that are drawn as one. */
export interface Group {
  /** Its first node's. */
  readonly id: string
  readonly name: string
  /** In order; a run of equal parts has several of each. */
  readonly members: readonly PictureNode[]
  readonly times: number
}

export type DrawnNode = PictureNode & { readonly group?: Group }

export interface DrawnPicture {
  readonly nodes: readonly DrawnNode[]
  readonly edges: NetworkPicture['edges']
}

/** Networks of so many nodes are read as they are. */
export const mostWhole = 40
/** A run of fewer nodes is no relief, and a block of more hides the network. */
const leastMembers = 4
const mostOfBlock = 30
/** Units in a part that repeats. */
const longestPart = 12

/** Nodes [from, end) that nothing passes by: a single one, or a block with its join and the activation behind. */
interface Unit {
  readonly from: number
  readonly end: number
  /** What equal units have in common. */
  readonly key: string
  readonly isBlock: boolean
}

/** @param isOpen - groups that are drawn node by node */
export function collapsed(picture: NetworkPicture, isOpen: (group: Group) => boolean = () => false): DrawnPicture {
  if (picture.nodes.length <= mostWhole) return picture
  const groups = groupsOf(picture).filter((group) => !isOpen(group))
  const boxOf = new Map(groups.flatMap((group) => group.members.map(({ id }) => [id, group] as const)))
  const nodes = picture.nodes.flatMap((node): DrawnNode[] => {
    const group = boxOf.get(node.id)
    if (!group) return [node]
    return group.id === node.id ? [boxed(group)] : []
  })
  const drawn = (id: string): string => boxOf.get(id)?.id ?? id
  const edges = picture.edges
    .map(({ from, to }) => ({ from: drawn(from), to: drawn(to) }))
    .filter(({ from, to }) => from !== to)
  return { nodes, edges }
}

function boxed(group: Group): DrawnNode {
  const { id, members, times } = group
  const part = members.slice(0, members.length / times)
  const joins = part.some(
    (node) => node.operator === 'Add' || node.operator === 'Concat' || node.operator.includes(' + '),
  )
  const operators = part.map(({ operator }) => operator.replace(/^linear \((.*)\)$/, '$1'))
  const what = joins ? 'block' : [...operators.slice(0, 2), ...(operators.length > 2 ? ['…'] : [])].join(', ')
  const { shape } = members[members.length - 1]
  return {
    ...{ id, operator: times > 1 ? `${times} × ${what}` : what, family: 'linear' as const, group },
    sources: members.flatMap(({ sources }) => sources),
    ...(shape && { shape }),
  }
}

/** In the order of the network; those within another are not told. */
export function groupsOf({ nodes, edges }: NetworkPicture): Group[] {
  const picture = { nodes: constantsLate(nodes, edges), edges }
  const units = unitsOf(picture)
  const groups: Group[] = []
  for (let at = 0; at < units.length;) {
    const { part, times } = longestRun(units, at)
    const last = at + part * times
    const members = picture.nodes.slice(units[at].from, units[last - 1].end)
    const isRun = times > 1 && members.length >= leastMembers
    if (isRun || units[at].isBlock) {
      const own = isRun ? members : picture.nodes.slice(units[at].from, units[at].end)
      groups.push({ id: own[0].id, name: nameOf(own), members: own, times: isRun ? times : 1 })
      at = isRun ? last : at + 1
    } else at += 1
  }
  return groups
}

/** The run of equal parts from a unit on that holds most units; a part of several units holds no block, so that stages stay apart. */
function longestRun(units: readonly Unit[], at: number): { part: number; times: number } {
  let best = { part: 1, times: 1 }
  for (let part = 1; part <= longestPart && at + 2 * part <= units.length; part += 1) {
    if (part > 1 && units.slice(at, at + part).some(({ isBlock }) => isBlock)) break
    let end = at + part
    while (end < units.length && units[end].key === units[end - part].key) end += 1
    const times = Math.floor((end - at) / part)
    if (times > 1 && part * times > best.part * best.times) best = { part, times }
  }
  return best
}

function unitsOf({ nodes, edges }: NetworkPicture): Unit[] {
  const places = new Map(nodes.map(({ id }, place) => [id, place]))
  const inputs: number[][] = nodes.map(() => [])
  for (const { from, to } of edges) {
    const [source, target] = [places.get(from), places.get(to)]
    if (source === undefined || target === undefined || source >= target) return []
    inputs[target].push(source)
  }
  const farthest = nodes.map(() => 0)
  inputs.forEach((sources, target) => sources.forEach((source) => (farthest[source] = target)))
  const key = (place: number, start: number): string => {
    const { operator, shape = [], attributes = [] } = nodes[place]
    const window = attributes.map(({ name, value }) => `${name} ${value}`)
    return [operator, `${shape}`, ...window, ...inputs[place].map((source) => source - start)].join(',')
  }
  const unit = (from: number, end: number): Unit => ({
    ...{ from, end, isBlock: end - from > 1 },
    key: Array.from({ length: end - from }, (_, k) => key(from + k, from)).join(';'),
  })
  const units: Unit[] = []
  let [from, reach] = [0, 0]
  nodes.forEach((node, place) => {
    const isPassedBy = reach > place
    reach = Math.max(reach, farthest[place])
    if (isPassedBy) return
    const before = units.at(-1)
    if (place - from >= mostOfBlock) {
      // Its nodes stand beside each other: a box of some of them could be passed by.
      for (; from < place; from += 1) units.push({ ...unit(from, from + 1), key: `alone ${from}` })
    }
    const end = place + 1
    const isTail = before?.isBlock === true && place === from && node.family === 'activation'
    if (before && end - before.from <= mostOfBlock && (isTail || isSameScope(nodes[before.from], node))) {
      units[units.length - 1] = unit(before.from, end)
    } else units.push(unit(from, end))
    from = end
  })
  return units
}

/** What frameworks call the part of a network that a node is of: "layer1/layer1.0", "blocks.5"; undefined where they do not. */
const scopeOf = ({ id }: PictureNode): string | undefined => /^\/?((?:[^/]+\/)*?[^/]*[a-z_]\.\d+)\//i.exec(id)?.[1]

function isSameScope(one: PictureNode, other: PictureNode): boolean {
  const scope = scopeOf(one)
  return scope !== undefined && scope === scopeOf(other)
}

/** Nodes that no input reaches stand where they are read: exporters write some far ahead. */
function constantsLate(nodes: NetworkPicture['nodes'], edges: NetworkPicture['edges']): PictureNode[] {
  const reached = new Set(nodes.flatMap(({ id, operator }) => (operator === 'Input' ? [id] : [])))
  for (const { from, to } of edges) if (reached.has(from)) reached.add(to)
  const places = new Map(nodes.map(({ id }, place) => [id, place]))
  const late = new Map<string, number>()
  const placeOf = (id: string): number => late.get(id) ?? places.get(id) ?? 0
  for (const { from, to } of edges.toReversed()) {
    if (!reached.has(from)) late.set(from, Math.min(late.get(from) ?? Infinity, placeOf(to) - 1e-6))
  }
  return [...nodes].sort((a, b) => placeOf(a.id) - placeOf(b.id))
}

/** What the names of its nodes begin with, up to a separator; else the first name and the last. */
function nameOf(members: readonly PictureNode[]): string {
  const [first, ...others] = members.map(({ id }) => id)
  let length = first.length
  for (const id of others) while (!id.startsWith(first.slice(0, length))) length -= 1
  const prefix = first.slice(0, length).replace(/^[/._:]+/, '')
  const shared = (prefix.includes('/') ? /^(.*)\/[^/]*$/ : /^(.*)[._:][^._:]*$/).exec(prefix)?.[1] ?? ''
  return shared.length > 1 ? shared : `${first} … ${members[members.length - 1].id}`
}
