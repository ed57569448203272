/** What the strip of layers needs to know while a cut is dragged; the plan that follows is exact. */
import type { CutView, NetworkPicture, ProjectView, Proposal, SplitPlan } from './api.ts'

/** Multiplications in a row that a ring of degree 16384 holds, for which cuts are proposed, and the largest ring, 32768. */
export const usualDepth = 11
export const mostDepth = 25

/** Ciphertexts that travel in one inference up to the last node: at a refresh to the owner and, fresh, from there. */
export const movedBytes = ({ segments, cuts }: Pick<SplitPlan, 'segments' | 'cuts'>): number =>
  cuts.reduce((sum, { kind }, at) => {
    const refreshed = kind === 'hand-off' ? 0 : segments[at].sentBytes
    return sum + refreshed + segments[at + 1].receivedBytes
  }, 0)

/** Of the smallest ring that may do. */
export const depthHeld = (depth: number): number => (depth > usualDepth ? mostDepth : usualDepth)

export interface StripLayer {
  readonly id: string
  readonly operator: string
  readonly isLinear: boolean
  /** An activation that one polynomial replaces together with the max-pool beside it. */
  readonly withPool: boolean
  readonly inputs: readonly string[]
}

/** The layers of a normalised network in order, without its input. */
export function stripOf({ nodes, edges }: NetworkPicture): StripLayer[] {
  const operators = new Map(nodes.map(({ id, operator }) => [id, operator]))
  const isPool = (id: string): boolean => operators.get(id) === 'MaxPool'
  return nodes
    .filter(({ operator }) => operator !== 'Input')
    .map(({ id, operator }) => {
      const inputs = edges.filter(({ to }) => to === id).map(({ from }) => from)
      const readers = edges.filter(({ from }) => from === id).map(({ to }) => to)
      const isLinear = operator.startsWith('linear')
      return {
        id,
        operator: operator.replace(/^linear \((.*)\)$/, '$1'),
        isLinear,
        withPool: !isLinear && !isPool(id) && (inputs.some(isPool) || (readers.length === 1 && isPool(readers[0]))),
        inputs,
      }
    })
}

/** The last part of a name with slashes, as exporters write them, without what stands for an output. */
export const shortName = (id: string): string =>
  id
    .replace(/_output_\d+$/, '')
    .split('/')
    .findLast((part) => part !== '') ?? id

type Degrees = Pick<ProjectView['choices'], 'degree' | 'degrees' | 'splitPools'>

/** Levels that a layer's polynomials take: a squaring for each doubling of the degree, and for pools apart twice that and a sum. */
export function levelsOf({ id, operator, withPool }: StripLayer, { degree, degrees, splitPools }: Degrees): number {
  if (withPool) return 0
  const squarings = (name: string): number => Math.log2(degrees[name] ?? degree)
  return squarings(id) + (splitPools && operator === 'MaxPool' ? squarings(`${id}.rows`) + 1 : 0)
}

export interface StripSegment {
  /** Places of its first layer and of the one behind its last. */
  readonly from: number
  readonly to: number
  /** Multiplications in a row. */
  readonly depth: number
}

/** The place of the layer after which a cut is; a plan may name what a layer was folded into. */
export function placeOf(layers: readonly StripLayer[], after: string): number {
  const exact = layers.findIndex(({ id }) => id === after)
  if (exact >= 0) return exact
  return layers.findLastIndex(({ id }) => after.startsWith(id))
}

export function segmentsOf(
  layers: readonly StripLayer[],
  cuts: readonly CutView[],
  levelsOf: (layer: StripLayer) => number,
): StripSegment[] {
  const ends = [...cuts.map(({ after }) => placeOf(layers, after) + 1), layers.length]
  const exact = new Set(cuts.flatMap(({ after, kind }) => (kind === 'exact' ? [placeOf(layers, after)] : [])))
  return ends.map((to, at) => {
    const from = at === 0 ? 0 : ends[at - 1]
    const own = layers.slice(from, to).filter((_, place) => !exact.has(from + place))
    return { from, to, depth: depthOf(own, levelsOf) }
  })
}

/** Whether a proposal for so many nodes has them: some networks cannot be parted so often. */
export const isWhatItSays = ({
  split,
  plan,
}: Pick<Proposal, 'split'> & { readonly plan?: { readonly segments: readonly unknown[] } }): boolean =>
  split.by !== 'nodes' || plan === undefined || plan.segments.length === split.nodes

/** With the depths of a plan of the same segments: the planner merges more than can be counted here. */
export const asPlanned = (
  counted: readonly StripSegment[],
  planned: readonly { readonly depth: number }[] = [],
): readonly StripSegment[] =>
  counted.length === planned.length ? counted.map((segment, at) => ({ ...segment, depth: planned[at].depth })) : counted

/** Levels of the longest path: linear layers that follow each other merge into one. */
function depthOf(layers: readonly StripLayer[], levelsOf: (layer: StripLayer) => number): number {
  const reached = new Map<string, { levels: number; isLinear: boolean }>()
  for (const layer of layers) {
    const before = layer.inputs.map((id) => reached.get(id) ?? { levels: 0, isLinear: false })
    const levels = before.map((input) => input.levels + (layer.isLinear ? Number(!input.isLinear) : levelsOf(layer)))
    reached.set(layer.id, { levels: Math.max(0, ...levels), isLinear: layer.isLinear })
  }
  return Math.max(0, ...[...reached.values()].map(({ levels }) => levels))
}

/** Cuts in the order of the network, at most one at a place. */
export function sorted(layers: readonly StripLayer[], cuts: readonly CutView[]): CutView[] {
  const byPlace = new Map(cuts.map((cut) => [placeOf(layers, cut.after), cut]))
  return [...byPlace].sort(([a], [b]) => a - b).map(([, cut]) => cut)
}
