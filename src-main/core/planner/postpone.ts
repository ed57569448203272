import type { SquareModel } from '../network/square-model.ts'
import type { LayerId } from '../network/layer-model.ts'
import { must } from '../must.ts'
import type { Divided } from './chain-shape.ts'
import type { Step } from './steps.ts'

/*
 * A squaring need not be rescaled where linear maps alone read it: their rescaling divides by its scale too, as EVA's
 * "waterline rescaling" does (Dathathri et al., PLDI 2020). A squaring and the map behind it then share one prime of twice
 * the scale's bits, where each took one of the scale's: two thirds of the primes or fewer, and key switches of squares err
 * at a scale where that is nothing.
 */

type Placed = Pick<Step, 'id' | 'inputs' | 'kind'>

/** Squarings that linear steps alone read, and no output is. */
export function postponableSquares(
  steps: readonly Placed[],
  { output, carried }: Pick<SquareModel, 'output' | 'carried'>,
): Set<LayerId> {
  const squares = new Set(steps.flatMap(({ id, kind }) => (kind === 'square' ? [id] : [])))
  for (const id of [output, ...(carried?.outputs ?? [])]) squares.delete(id)
  for (const { kind, inputs } of steps) if (kind === 'square') inputs.forEach((input) => squares.delete(input))
  return squares
}

/**
 * What each rescaling prime divides by, in the order of the chain; undefined where one would divide here by a square, and there by
 * a square and weights.
 */
export function dividedBy(
  steps: readonly Placed[],
  primes: ReadonlyMap<LayerId, number>,
  depth: number,
  postponed: ReadonlySet<LayerId>,
): Divided[] | undefined {
  const levels = Array.from({ length: depth }, () => new Set<Divided>())
  for (const { id, kind, inputs } of steps) {
    if (postponed.has(id)) continue
    const readsSquare = inputs.some((input) => postponed.has(input))
    levels[must(primes, id) - 1].add(kind === 'square' ? 'square' : readsSquare ? 'both' : 'weights')
  }
  if (levels.some((kinds) => kinds.has('both') && kinds.has('square'))) return undefined
  return levels.map((kinds) => (kinds.has('both') ? 'both' : kinds.has('square') ? 'square' : 'weights'))
}
