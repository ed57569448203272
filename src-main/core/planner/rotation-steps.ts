import { modulo } from './layout.ts'

/** rotate(parent's value, step) gives `rotation`; the parent is 0 (the value itself) or an earlier rotation. */
export interface DerivedRotation {
  readonly rotation: number
  readonly parent: number
  readonly step: number
}

/**
 * Derives all wanted rotations of one value from few distinct steps, since each step is a key of many
 * megabytes: rows, then columns. As many rotations as wanted ones, none deeper than a rotation of a rotation,
 * since each adds its noise and only those of one parent share a decomposition. Steps in `known` count as
 * nothing. Children of one parent stand together, parents first.
 */
export function deriveRotations(
  wanted: readonly number[],
  slots: number,
  known: ReadonlySet<number>,
): DerivedRotation[] {
  const nodes = new Set(wanted.filter((rotation) => rotation !== 0))
  let best = [...nodes].map((rotation): DerivedRotation => ({ rotation, parent: 0, step: rotation }))
  for (let unit = 2; unit < slots; unit *= 2) {
    for (const below of [0, unit / 2]) {
      const derived = twoDigits(nodes, { unit, below }, slots, known)
      if (newSteps(derived, known) < newSteps(best, known)) best = derived
    }
  }
  const parents = [0, ...best.filter(({ parent }) => parent === 0).map(({ rotation }) => rotation)]
  return parents.flatMap((parent) => best.filter((derived) => derived.parent === parent))
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
