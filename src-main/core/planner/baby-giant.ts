import type { Diagonal } from './diagonals.ts'
import { modulo } from './layout.ts'

/**
 * Baby-step giant-step: Σ_r w_r·rot_r(x) = Σ_g rot_g( Σ_b w'_{g+b}·rot_b(x) ). Each distinct (input, b)
 * costs a rotation, each distinct (output, g) a relinearisation and, unless g = 0, a rotation.
 */
export interface BabyGiant {
  /** Per diagonal; baby + giant ≡ rotation (mod slots). */
  readonly babies: Int32Array
  readonly giants: Int32Array
  readonly babyRotations: number
  readonly giantSteps: number
  readonly giantRotations: number
}

export interface KeySwitchCosts {
  readonly rotateMs: number
  readonly babyRotateMs: number
  readonly relineariseMs: number
}

export function babyGiantMs(split: BabyGiant, costs: KeySwitchCosts): number {
  return (
    split.babyRotations * costs.babyRotateMs +
    split.giantRotations * costs.rotateMs +
    split.giantSteps * costs.relineariseMs
  )
}

/**
 * The cheapest way to give each part of the rotations to the baby or the giant step; the last part is also
 * cut in two at every power of two.
 */
export function splitBabyGiant(diagonals: readonly Diagonal[], slots: number, costs: KeySwitchCosts): BabyGiant {
  const partCount = diagonals[0]?.parts.length ?? 1
  const stamps = new StampSet(slots)
  let best: { ms: number; cut: number; mask: number } | undefined
  for (let cut = 1; cut <= slots; cut *= 2) {
    for (let mask = 0; mask < 2 ** (partCount + 1); mask++) {
      const ms = babyGiantMs(countSteps(diagonals, slots, cut, mask, stamps), costs)
      if (!best || ms < best.ms) best = { ms, cut, mask }
    }
  }
  return countSteps(diagonals, slots, best?.cut ?? 1, best?.mask ?? 0, stamps)
}

/** Bit i of `mask` gives part i to the baby step; the last part is two: below `cut`, and the rest. */
function countSteps(
  diagonals: readonly Diagonal[],
  slots: number,
  cut: number,
  mask: number,
  stamps: StampSet,
): BabyGiant {
  const babies = new Int32Array(diagonals.length)
  const giants = new Int32Array(diagonals.length)
  let babyRotations = 0
  let giantSteps = 0
  let giantRotations = 0
  stamps.clear()
  diagonals.forEach((diagonal, k) => {
    const last = diagonal.parts.length - 1
    let baby = 0
    for (let i = 0; i < last; i++) if (mask & (1 << i)) baby += diagonal.parts[i]
    const low = diagonal.parts[last] % cut
    if (mask & (1 << last)) baby += low
    if (mask & (1 << (last + 1))) baby += diagonal.parts[last] - low
    babies[k] = modulo(baby, slots)
    giants[k] = modulo(diagonal.rotation - baby, slots)
    if (stamps.add(2 * diagonal.input, babies[k]) && babies[k] !== 0) babyRotations += 1
    if (stamps.add(2 * diagonal.output + 1, giants[k])) {
      giantSteps += 1
      if (giants[k] !== 0) giantRotations += 1
    }
  })
  return { babies, giants, babyRotations, giantSteps, giantRotations }
}

/** Sets of slot numbers that are emptied in constant time. */
class StampSet {
  private readonly slots: number
  private readonly sets: Int32Array[] = []
  private stamp = 0

  constructor(slots: number) {
    this.slots = slots
  }

  clear(): void {
    this.stamp += 1
  }

  /** True if the member is new. */
  add(set: number, member: number): boolean {
    const stamps = (this.sets[set] ??= new Int32Array(this.slots))
    if (stamps[member] === this.stamp) return false
    stamps[member] = this.stamp
    return true
  }
}
