import type { Diagonal } from './diagonals.ts'

/**
 * Baby-step giant-step (https://eprint.iacr.org/2018/244): `Σ_r w_r·rot_r(x) = Σ_g rot_g( Σ_b w'_{g+b}·rot_b(x) )`, since rot_g(u ⊙ v) = rot_g(u) ⊙ rot_g(v): w' is w
 * rotated back by g. Each distinct (input, b) costs a rotation, each distinct (output, g) a relinearisation and, unless g = 0, a rotation.
 *
 * Example: a 3 × 3 convolution over rows of 32 slots has r = 32·dy + dx with dy, dx = −1, 0, 1: eight rotations, and one product
 * without. With b = dx and g = 32·dy it needs two baby and two giant ones, and three relinearisations in place of one.
 */
export interface BabyGiant {
  /** Per diagonal; baby + giant ≡ rotation (mod slots). */
  readonly babies: Int32Array
  readonly giants: Int32Array
  readonly ms: number
}

export interface KeySwitchCosts {
  readonly rotateMs: number
  readonly babyRotateMs: number
  readonly relineariseMs: number
}

/** No split can be cheaper: b babies and g giants reach b·g rotations for each input and output. */
export function leastSplitMs(diagonals: number, costs: KeySwitchCosts): number {
  return (
    2 * Math.sqrt(diagonals * costs.babyRotateMs * (costs.rotateMs + costs.relineariseMs)) -
    costs.babyRotateMs -
    costs.rotateMs
  )
}

/**
 * The cheapest way to give each part of the rotations to the baby or the giant step; the last part is also
 * cut in two at every power of two.
 */
export function splitBabyGiant(diagonals: readonly Diagonal[], slots: number, costs: KeySwitchCosts): BabyGiant {
  const counter = new StepCounter(diagonals, slots, costs)
  const { ms, cut, mask } = counter.cheapest(Infinity)
  counter.count(cut, mask, Infinity)
  return { babies: counter.babies, giants: counter.giants, ms }
}

/** Milliseconds of that way alone, and Infinity where they exceed `limit`. */
export const leastMsWithin = (
  diagonals: readonly Diagonal[],
  slots: number,
  costs: KeySwitchCosts,
  limit: number,
): number => new StepCounter(diagonals, slots, costs).cheapest(limit).ms

/** Where a convolution and another map are summed, diagonals of the latter have one part, which stands last. */
const partCountOf = (diagonals: readonly Diagonal[]): number =>
  diagonals.reduce((most, { parts }) => Math.max(most, parts.length), 1)

/** Counts distinct steps of one split; bit i of a mask gives part i to the baby step, the last part being two. */
class StepCounter {
  readonly babies: Int32Array
  readonly giants: Int32Array
  readonly #slots: number
  readonly #costs: KeySwitchCosts
  readonly #partCount: number
  readonly #parts: Int32Array
  readonly #inputs: Int32Array
  readonly #outputs: Int32Array
  readonly #rotations: Int32Array
  /** Which (input, baby) and (output, giant) this count has met: those marked with its stamp. */
  readonly #metBabies: Int32Array
  readonly #metGiants: Int32Array
  #stamp = 0

  constructor(diagonals: readonly Diagonal[], slots: number, costs: KeySwitchCosts) {
    const count = diagonals.length
    this.#slots = slots
    this.#costs = costs
    this.#partCount = partCountOf(diagonals)
    this.#parts = new Int32Array(count * this.#partCount)
    this.#inputs = new Int32Array(count)
    this.#outputs = new Int32Array(count)
    this.#rotations = new Int32Array(count)
    let [inputs, outputs] = [1, 1]
    for (let k = 0; k < count; k++) {
      const { input, output, rotation, parts } = diagonals[k]
      const first = (k + 1) * this.#partCount - parts.length
      for (let i = 0; i < parts.length; i++) this.#parts[first + i] = parts[i]
      this.#inputs[k] = input
      this.#outputs[k] = output
      this.#rotations[k] = rotation
      inputs = Math.max(inputs, input + 1)
      outputs = Math.max(outputs, output + 1)
    }
    this.babies = new Int32Array(count)
    this.giants = new Int32Array(count)
    this.#metBabies = new Int32Array(inputs * slots)
    this.#metGiants = new Int32Array(outputs * slots)
  }

  /** The first of the cheapest splits, none of which is dearer than `limit`. */
  cheapest(limit: number): { readonly ms: number; readonly cut: number; readonly mask: number } {
    const lastParts = 3 << (this.#partCount - 1)
    let best = { ms: Infinity, cut: 1, mask: 0 }
    for (let cut = 1; cut <= this.#slots; cut *= 2) {
      for (let mask = 0; mask < 2 << this.#partCount; mask++) {
        const cutMatters = (mask & lastParts) !== 0 && (mask & lastParts) !== lastParts
        if (cut > 1 && !cutMatters) continue
        const ms = this.count(cut, mask, Math.min(best.ms, limit))
        if (ms < best.ms) best = { ms, cut, mask }
      }
    }
    return best
  }

  /** Milliseconds of the key switches, or Infinity as soon as they exceed `limit`. */
  count(cut: number, mask: number, limit: number): number {
    const slots = this.#slots
    const partCount = this.#partCount
    const parts = this.#parts
    const costs = this.#costs
    const slotMask = slots - 1
    const last = partCount - 1
    const stamp = ++this.#stamp
    let ms = 0
    for (let k = 0; k < this.#rotations.length; k++) {
      const at = k * partCount
      let baby = 0
      for (let i = 0; i < last; i++) if (mask & (1 << i)) baby += parts[at + i]
      const low = parts[at + last] & (cut - 1)
      if (mask & (1 << last)) baby += low
      if (mask & (2 << last)) baby += parts[at + last] - low
      baby &= slotMask
      const giant = (this.#rotations[k] - baby) & slotMask
      this.babies[k] = baby
      this.giants[k] = giant
      const babyAt = this.#inputs[k] * slots + baby
      if (this.#metBabies[babyAt] !== stamp) {
        this.#metBabies[babyAt] = stamp
        if (baby !== 0) ms += costs.babyRotateMs
      }
      const giantAt = this.#outputs[k] * slots + giant
      if (this.#metGiants[giantAt] !== stamp) {
        this.#metGiants[giantAt] = stamp
        ms += costs.relineariseMs + (giant === 0 ? 0 : costs.rotateMs)
      }
      if (ms > limit) return Infinity
    }
    return ms
  }
}
