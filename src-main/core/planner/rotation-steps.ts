import { must } from '../must.ts'
import { modulo } from './layout.ts'
import type { StepSettings } from './linear-options.ts'

/** rotate(parent's value, step) gives `rotation`; the parent is 0 (the value itself) or an earlier rotation. */
export interface DerivedRotation {
  readonly rotation: number
  readonly parent: number
  readonly step: number
}

/** What decides between keys and time, in milliseconds. */
export interface RotationCosts {
  /** The price of a key's bytes. */
  readonly keyMs: number
  /** Of a value's digits, which all rotations of it share. */
  readonly digitsMs: number
}

/** Of values with so many primes. */
export const rotationCosts = ({ costs, degree }: StepSettings, primes: number): RotationCosts => ({
  keyMs: costs.keyMs?.(degree, primes) ?? 0,
  digitsMs: costs.ms('rotate', degree, primes) - costs.ms('rotate-hoisted', degree, primes),
})

/** Rotations of rotations, at most: each adds its noise. */
const mostTurns = 4

/**
 * Derives all wanted rotations of one value from few distinct steps, since each step is a key of many megabytes: rows, then columns,
 * then such steps as are sums of others, where their keys cost more than the digits of more values. As many rotations as wanted ones.
 * Steps in `known` count as nothing. Children of one parent stand together, parents first.
 */
export function deriveRotations(
  wanted: readonly number[],
  slots: number,
  known: ReadonlySet<number>,
  costs: RotationCosts,
): DerivedRotation[] {
  const nodes = new Set(wanted.filter((rotation) => rotation !== 0))
  let best = [...nodes].map((rotation): DerivedRotation => ({ rotation, parent: 0, step: rotation }))
  for (let unit = 2; unit < slots; unit *= 2) {
    for (const below of [0, unit / 2]) {
      const derived = twoDigits(nodes, { unit, below }, slots, known)
      if (newSteps(derived, known) < newSteps(best, known)) best = derived
    }
  }
  const cheapest = withoutDearSteps(best, slots, known, costs)
  const ordered: DerivedRotation[] = []
  for (let parents = [0]; parents.length > 0;) {
    const children = parents.flatMap((parent) => cheapest.filter((derived) => derived.parent === parent))
    ordered.push(...children)
    parents = children.map(({ rotation }) => rotation)
  }
  return ordered
}

/** Leaves out one step after the other, those with fewest uses first, as long as that costs less. */
function withoutDearSteps(
  derived: readonly DerivedRotation[],
  slots: number,
  known: ReadonlySet<number>,
  { keyMs, digitsMs }: RotationCosts,
): readonly DerivedRotation[] {
  const costOf = (tree: readonly DerivedRotation[]): number =>
    keyMs * newSteps(tree, known) + digitsMs * new Set(tree.map(({ parent }) => parent)).size
  const uses = new Map<number, number>()
  for (const { step } of derived) if (!known.has(step)) uses.set(step, (uses.get(step) ?? 0) + 1)
  let best = derived
  for (const [step] of [...uses].sort(([, a], [, b]) => a - b)) {
    const without = withoutStep(best, step, slots, known)
    if (without && costOf(without) < costOf(best)) best = without
  }
  return best
}

/** Undefined where a rotation by this step is no sum of others. */
function withoutStep(
  derived: readonly DerivedRotation[],
  dropped: number,
  slots: number,
  known: ReadonlySet<number>,
): DerivedRotation[] | undefined {
  const tree = new Map(derived.map((each) => [each.rotation, each]))
  const steps = new Set([...known, ...derived.map(({ step }) => step)])
  steps.delete(dropped)
  /** From the value itself to this rotation. */
  const pathTo = (rotation: number): number[] => {
    const path: number[] = []
    for (let at = rotation; at !== 0; at = must(tree, at).parent) path.push(at)
    return path
  }
  const heightOf = (rotation: number): number =>
    Math.max(...[...tree.keys()].map((node) => pathTo(node).indexOf(rotation) + 1))
  for (const { rotation, step } of derived) {
    if (step !== dropped) continue
    const parents = new Set([...tree.values()].map(({ parent }) => parent))
    const height = heightOf(rotation)
    const fitting = [0, ...tree.keys()].flatMap((parent) => {
      const path = pathTo(parent)
      const fits = steps.has(modulo(rotation - parent, slots)) && path.length + height <= mostTurns
      return fits && !path.includes(rotation)
        ? [{ parent, turns: path.length + (parents.has(parent) ? 0 : slots) }]
        : []
    })
    if (fitting.length === 0) return undefined
    const { parent } = fitting.reduce((least, next) => (next.turns < least.turns ? next : least))
    tree.set(rotation, { rotation, parent, step: modulo(rotation - parent, slots) })
  }
  return [...tree.values()]
}

const newSteps = (derived: readonly DerivedRotation[], known: ReadonlySet<number>): number =>
  new Set(derived.map(({ step }) => step).filter((step) => !known.has(step))).size

/** Each rotation as a multiple of `unit` and a rest from −below on; what is turned first must be wanted itself. */
function twoDigits(
  nodes: ReadonlySet<number>,
  { unit, below }: { readonly unit: number; readonly below: number },
  slots: number,
  known: ReadonlySet<number>,
): DerivedRotation[] {
  return [...nodes].map((rotation): DerivedRotation => {
    const rest = modulo(rotation + below, unit) - below
    const [low, high] = [modulo(rest, slots), modulo(rotation - rest, slots)]
    const direct = { rotation, parent: 0, step: rotation }
    if (low === 0 || high === 0 || known.has(rotation)) return direct
    if (nodes.has(low)) return { rotation, parent: low, step: high }
    return nodes.has(high) ? { rotation, parent: high, step: low } : direct
  })
}
