import { Arena } from './arena.ts'
import { weightsOf } from './instruction-table.ts'
import type { Plan, WeightIndex, WeightSource } from './plan.ts'

/** Where weights are in the memory of whoever evaluates a plan. */
export interface WeightPlaces {
  /** By weight index. Those that come and go share their places. */
  readonly weights: readonly number[]
  /** By instruction: what is loaded right before it in every run, because not all weights have room at once. */
  readonly streamed: readonly (readonly WeightSource[])[]
  /** Behind the last place. */
  readonly end: number
}

/** Weights that come together, before the first instruction that uses one of them. */
interface Passing {
  readonly source: WeightSource
  readonly weights: readonly WeightIndex[]
  readonly first: number
}

/**
 * All weights side by side from `start` on where they end below `limit`. Else as many as have room stay. Of the others, one that
 * is an entry of the bundle comes and goes with its instruction; what is expanded comes together, layer by layer, and each goes
 * after its last use. They share a window behind those that stay. `sizes` are bytes of each weight.
 */
export function placeWeights(
  plan: Pick<Plan, 'instructions' | 'expansions'>,
  sizes: readonly number[],
  start: number,
  limit: number,
): WeightPlaces {
  const lengthOf = (weights: readonly WeightIndex[]): number => weights.reduce((sum, index) => sum + sizes[index], 0)
  const { passing: all, lastUses } = passingOf(plan, sizes.length)
  const passing = new Set(start + lengthOf([...sizes.keys()]) <= limit ? [] : all)
  const weights = new Array<number>(sizes.length)
  const window = placeInTurn(plan, passing, lastUses, sizes, 0, weights)
  const isPassing = new Set([...passing].flatMap((unit) => unit.weights))
  let kept = lengthOf([...sizes.keys()].filter((index) => !isPassing.has(index)))
  for (const unit of passing) {
    const bytes = lengthOf(unit.weights)
    if (start + kept + bytes + window > limit) continue
    kept += bytes
    passing.delete(unit)
    for (const index of unit.weights) isPassing.delete(index)
  }
  let end = start
  for (const index of sizes.keys()) if (!isPassing.has(index)) end = (weights[index] = end) + sizes[index]
  end = Math.max(end, placeInTurn(plan, passing, lastUses, sizes, end, weights))
  const streamed: WeightSource[][] = plan.instructions.map(() => [])
  for (const { source, first } of passing) streamed[first].push(source)
  return { weights, streamed, end }
}

/** What may come and go, in the order of use: what is expanded, and entries of the bundle that one instruction alone uses. */
function passingOf(
  { instructions, expansions = [] }: Pick<Plan, 'instructions' | 'expansions'>,
  count: number,
): { passing: readonly Passing[]; lastUses: ReadonlyMap<WeightIndex, number> } {
  const uses = new Uint32Array(count)
  const lastUses = new Map<WeightIndex, number>()
  const groups = instructions.map((instruction) => [...new Set(weightsOf(instruction))])
  groups.forEach((group, at) => {
    for (const index of group) {
      uses[index] += 1
      lastUses.set(index, at)
    }
  })
  const expansionOf = new Map(
    expansions.flatMap(({ results }, expansion) => results.map(({ weight }) => [weight, expansion] as const)),
  )
  const passing: Passing[] = []
  const met = new Set<number>()
  groups.forEach((group, first) => {
    for (const index of group) {
      const expansion = expansionOf.get(index)
      if (expansion === undefined) {
        if (uses[index] === 1) passing.push({ source: { weight: index }, weights: [index], first })
      } else if (!met.has(expansion)) {
        met.add(expansion)
        const weights = expansions[expansion].results.map(({ weight }) => weight)
        passing.push({ source: { expansion }, weights, first })
      }
    }
  })
  return { passing, lastUses }
}

/** Gives places from `start` on to what comes and goes, as a run takes and frees them; returns the end of the highest. */
function placeInTurn(
  { instructions }: Pick<Plan, 'instructions'>,
  passing: Iterable<Passing>,
  lastUses: ReadonlyMap<WeightIndex, number>,
  sizes: readonly number[],
  start: number,
  weights: number[],
): number {
  const arena = new Arena(Infinity, start)
  const coming: WeightIndex[][] = instructions.map(() => [])
  const going: WeightIndex[][] = instructions.map(() => [])
  for (const { weights: together, first } of passing) {
    coming[first].push(...together)
    for (const index of together) going[lastUses.get(index) ?? first].push(index)
  }
  instructions.forEach((_, at) => {
    for (const index of coming[at]) weights[index] = arena.take(sizes[index])
    for (const index of going[at]) arena.give(weights[index])
  })
  return arena.peak
}
