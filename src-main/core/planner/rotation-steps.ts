import { modulo } from './layout.ts'

/** rotate(parent's value, step) gives `rotation`; the parent is 0 (the value itself) or an earlier rotation. */
export interface DerivedRotation {
  readonly rotation: number
  readonly parent: number
  readonly step: number
}

/** A rotation of a rotation adds its noise twice and cannot share the first decomposition, so no deeper. */
const deepest = 2

/**
 * Derives all wanted rotations of one value from few distinct steps, since each step is a key of many
 * megabytes: rows, then columns. As many rotations as wanted ones; steps in `known` are preferred. Children
 * of one parent stand together, parents first.
 */
export function deriveRotations(
  wanted: readonly number[],
  slots: number,
  known: ReadonlySet<number>,
): DerivedRotation[] {
  const nodes = new Set(wanted.filter((rotation) => rotation !== 0))
  const steps = new Set([...known].filter((step) => step < slots))
  let reached = reach(nodes, steps, slots)
  while (reached.size < nodes.size) {
    const step = bestStep(nodes, steps, reached, slots)
    steps.add(step)
    reached = reach(nodes, steps, slots)
  }
  const order = [0, ...reached.keys()]
  return order.flatMap((parent) => [...reached.values()].filter((derived) => derived.parent === parent))
}

type Reached = Map<number, DerivedRotation & { readonly depth: number }>

/** Breadth first, through wanted rotations only. */
function reach(nodes: ReadonlySet<number>, steps: ReadonlySet<number>, slots: number): Reached {
  const reached: Reached = new Map()
  let frontier = [0]
  for (let depth = 1; depth <= deepest && frontier.length > 0; depth++) {
    const next: number[] = []
    for (const parent of frontier) {
      for (const step of steps) {
        const rotation = modulo(parent + step, slots)
        if (!nodes.has(rotation) || reached.has(rotation)) continue
        reached.set(rotation, { rotation, parent, step, depth })
        next.push(rotation)
      }
    }
    frontier = next
  }
  return reached
}

/** The step that reaches most of what is missing; the smallest of those. */
function bestStep(nodes: ReadonlySet<number>, steps: ReadonlySet<number>, reached: Reached, slots: number): number {
  const missing = [...nodes].filter((node) => !reached.has(node))
  const parents = [0, ...[...reached.values()].filter(({ depth }) => depth < deepest).map(({ rotation }) => rotation)]
  const candidates = new Set(
    missing.flatMap((node) => [node, ...parents.map((parent) => modulo(node - parent, slots))]),
  )
  for (const node of missing)
    for (const other of missing) if (other !== node) candidates.add(modulo(node - other, slots))
  let best = { step: 0, count: -1 }
  for (const step of [...candidates].sort((a, b) => a - b)) {
    const count = reach(nodes, new Set([...steps, step]), slots).size
    if (count > best.count) best = { step, count }
  }
  return best.step
}
