import type { Cut } from '../segment/cut.ts'
import type { Advice } from './advise.ts'
import type { Candidate, DeploymentChoice } from './candidates.ts'

/** Parts of a layer that fits make of it, of which nobody knows the names. */
const partOfLayer = /\.(contrasts|terms|input|output|inner|outer|square|fourth)$/

/** Layers that are named; of more, their number is told. */
const mostNamed = 3

/** A deployment in words: degrees, pools, and where the owner is needed. */
export function deploymentWords({
  degree,
  degrees,
  splitPools,
  split,
  cuts,
  segments,
}: DeploymentChoice & Pick<Candidate, 'cuts'> & Partial<Pick<Candidate, 'segments'>>): string {
  if (split.by === 'activations')
    return `every activation exact${segments === undefined ? '' : `, ${segments} segments`}`
  const others = [...new Set(Object.values(degrees))]
  return [
    `degree ${degree}${others.length === 0 ? ' everywhere' : ''}`,
    ...others.map(
      (other) => `degree ${other} at ${named(Object.keys(degrees).filter((layer) => degrees[layer] === other))}`,
    ),
    ...(splitPools ? ['max-pools taken apart'] : []),
    ...cutWords(cuts, 'exact', 'exact at'),
    ...cutWords(cuts, 'refresh', 'refreshed after'),
    ...cutWords(cuts, 'hand-off', 'handed on after'),
  ].join(', ')
}

/** What a comparison left out because the network is deep, if it left out anything. */
export function leftOutWords({
  exactGroups,
  comparedAllExact,
}: Pick<Advice, 'exactGroups' | 'comparedAllExact'>): string | undefined {
  if (comparedAllExact) return undefined
  return `The network has ${exactGroups} places for exact activations, too many to compare every choice: those were tried that lose most, and those that divide its depth.`
}

function cutWords(cuts: readonly Cut[], wanted: Cut['kind'], words: string): string[] {
  const layers = cuts.filter(({ kind }) => kind === wanted).map(({ after }) => after)
  return layers.length > 0 ? [`${words} ${named(layers)}`] : []
}

function named(all: readonly string[]): string {
  const layers = all.map((layer) => layer.replace(partOfLayer, ''))
  if (layers.length > mostNamed) return `${layers.length} layers`
  return layers.length < 2 ? layers.join('') : `${layers.slice(0, -1).join(', ')} and ${layers.at(-1)}`
}
