import type { LayerId } from '../network/layer-model.ts'
import type { Degree } from '../network/polynomial-model.ts'
import type { SkeletonOptions } from '../planner/skeleton.ts'
import type { DeploymentChoice } from './candidates.ts'
import { present } from '../must.ts'

/** What becomes of each group of activations that stand together, in order. */
export type Settings = readonly (Degree | 'exact')[]

export interface CutSearch {
  readonly groups: number
  /** What a group may become where it is not exact. */
  readonly degrees: readonly Degree[]
  /** Error that the polynomials of a group add, as measured. */
  readonly errorOf: (group: number, degree: Degree) => number
  /** Forecast, less is better; undefined where it cannot be. */
  readonly costOf: (settings: Settings) => Promise<number | undefined>
}

/** More are compared with one degree for all. */
const MOST_COMPARED = 120
/** What is kept follows the error expected only so closely: up to this much more than of a cheaper one may still be better. */
const CLOSE = 1.5

/**
 * Settings with so many exact groups, the cheapest first, without those of which a cheaper one is expected to err clearly less.
 * Costs are asked for each one.
 */
export async function promisingCuts(search: CutSearch, exact: number): Promise<Settings[]> {
  const { groups, degrees, errorOf, costOf } = search
  const places = choose(groups, exact)
  const isMixed = places.length * degrees.length ** (groups - exact) <= MOST_COMPARED
  const all = places.flatMap((chosen) =>
    assign(groups - exact, degrees, isMixed).map((assigned) => {
      let used = 0
      return Array.from({ length: groups }, (_, i) => (chosen.includes(i) ? 'exact' : present(assigned[used++])))
    }),
  )
  const found: { readonly settings: Settings; readonly cost: number; readonly error: number }[] = []
  for (const settings of all) {
    const cost = await costOf(settings)
    if (cost === undefined) continue
    const error = settings.reduce<number>((sum, each, i) => sum + (each === 'exact' ? 0 : errorOf(i, each)), 0)
    found.push({ settings, cost, error })
  }
  let least = Infinity
  return found
    .sort((one, other) => one.cost - other.cost || one.error - other.error)
    .flatMap(({ settings, error }) => {
      if (error >= CLOSE * least) return []
      least = Math.min(least, error)
      return [settings]
    })
}

/** The deployment that settings of a network's groups stand for. */
export function choiceOf(groups: readonly (readonly LayerId[])[], settings: Settings): DeploymentChoice {
  const { exact, degree, degrees } = parted(groups, settings)
  const cuts = exact.map(([after]) => ({ after: present(after), kind: 'exact' as const }))
  return { degree, degrees, splitPools: false, split: { by: 'cuts', cuts } }
}

/** The same settings for `refreshedSkeletonOf`. */
export function skeletonOptions(groups: readonly (readonly LayerId[])[], settings: Settings): SkeletonOptions {
  const { exact, degree, degrees } = parted(groups, settings)
  return { degree, degrees, exact: new Set(exact.flat()) }
}

/** One degree for all, where they have one; else 2, and those that differ by name. */
function parted(groups: readonly (readonly LayerId[])[], settings: Settings) {
  const used = settings.filter((each) => each !== 'exact')
  const degree: Degree = used.every((each) => each === used[0]) ? (used[0] ?? 2) : 2
  const degrees: Record<LayerId, Degree> = {}
  settings.forEach((each, i) => {
    if (each !== 'exact' && each !== degree) for (const id of present(groups[i])) degrees[id] = each
  })
  return { exact: groups.filter((_, i) => settings[i] === 'exact'), degree, degrees }
}

/** Every way to take so many of the first `count` numbers, in order. */
function choose(count: number, taken: number, from = 0): number[][] {
  if (taken === 0) return [[]]
  return Array.from({ length: Math.max(0, count - from - taken + 1) }, (_, i) => from + i).flatMap((first) =>
    choose(count, taken - 1, first + 1).map((rest) => [first, ...rest]),
  )
}

function assign(count: number, degrees: readonly Degree[], isMixed: boolean): Degree[][] {
  if (!isMixed) return degrees.map((degree) => new Array<Degree>(count).fill(degree))
  let all: Degree[][] = [[]]
  for (let i = 0; i < count; i++) all = all.flatMap((known) => degrees.map((degree) => [...known, degree]))
  return all
}
