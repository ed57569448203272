import type { PlaceAxis } from '../network/coefficient-rows.ts'
import { randomNumbers } from '../numeric/random-numbers.ts'
import { distort, mirror } from './distort.ts'
import type { Movement } from './distort.ts'
import type { Shape } from '../network/layer-model.ts'

/** Shares of the samples that an epoch sees as they are, mirrored, or mixed with another one. */
const [PLAIN, MIRRORED, MIXED] = [0.3, 0.5, 0.3]

/** Share that holds a rectangle of another sample: its parts look as they do in samples, which mixtures do not (CutMix: Yun and others, 2019). */
const PASTED = 0.4

const SHIFTS = ['shift rows', 'shift columns'] as const

/** Where columns or rows are not alike: shares that go over into another sample, and that change by what two others differ by. */
const [SPLICED, CHANGED] = [0.3, 0.3]
/** By how much of that difference at most. */
const MOST_CHANGED = 0.3

/** An input as an epoch sees it. */
export interface Varied {
  readonly input: Float64Array
  /** Which samples it was made of, by their index. */
  readonly parts: readonly number[]
}

/**
 * The samples as one epoch sees them, in an order of its own: some as they are, others distorted, mirrored and mixed,
 * so that no two epochs see the same; moved only by the given movements. The original network says what is right for each, whatever it shows.
 */
export class Variations {
  readonly #samples: readonly Float64Array[]
  readonly #shape: Shape
  readonly #movements: readonly Movement[]
  readonly #unlike: PlaceAxis | undefined
  readonly #arePasted: boolean
  readonly #random = randomNumbers(1)

  /**
   * `wider` variations are to learn from and not to judge by. Where columns (or rows) are `unlike`, as bands of a spectrum are, samples also go over
   * into others along the other axis, as one sound into the next, and change by a share of what two others differ by: such inputs move less than
   * pictures do, and few of them say less. Pictures, which the original network lets shift, hold rectangles of others.
   */
  constructor(
    samples: readonly Float64Array[],
    shape: Shape,
    movements: readonly Movement[],
    wider?: { readonly unlike?: PlaceAxis },
  ) {
    this.#samples = samples
    this.#shape = shape
    this.#movements = movements
    this.#unlike = wider?.unlike
    this.#arePasted = wider !== undefined && arePasted(movements, wider.unlike)
  }

  /** Chunks of at most `size`. With `beyond`, all are mixtures that lie up to that share outside their two samples. */
  *epoch(epoch: number, size: number, beyond = 0): Generator<readonly Varied[]> {
    const order = this.#shuffled()
    for (let first = 0; first < order.length; first += size) {
      yield order.slice(first, first + size).map((i) => this.#vary(i, epoch, beyond))
    }
  }

  #vary(index: number, epoch: number, beyond: number): Varied {
    const one = this.#unlike ? this.#spliced(this.#move(index, epoch), epoch) : this.#move(index, epoch)
    if (beyond === 0 && this.#arePasted && this.#random() < PASTED) return this.#pasted(one, epoch)
    const mixed = beyond > 0 || this.#random() < MIXED ? this.#mixed(one, epoch, beyond) : one
    return this.#unlike ? this.#changed(mixed) : mixed
  }

  #mixed(one: Varied, epoch: number, beyond: number): Varied {
    const other = this.#another(epoch)
    const share = (1 + 2 * beyond) * this.#random() - beyond
    return joined(one, other, (value, k) => share * value + (1 - share) * other.input[k])
  }

  /** Up to some place the one, and then another. */
  #spliced(one: Varied, epoch: number): Varied {
    if (this.#random() >= SPLICED) return one
    const [other, isFirst] = [this.#another(epoch), this.#random() < 0.5]
    const [, height, width] = this.#shape
    const placeOf = (k: number) => (this.#unlike === 'column' ? Math.floor(k / width) % height : k % width)
    const cut = Math.floor(this.#random() * (this.#unlike === 'column' ? height : width))
    return joined(one, other, (value, k) => (placeOf(k) < cut === isFirst ? value : other.input[k]))
  }

  /** A rectangle of another sample in the place of its own. */
  #pasted(one: Varied, epoch: number): Varied {
    const other = this.#another(epoch)
    const [, height, width] = this.#shape
    const [top, bottom] = this.#span(height, 'shift rows')
    const [left, right] = this.#span(width, 'shift columns')
    return joined(one, other, (value, k) => {
      const [row, column] = [Math.floor(k / width) % height, k % width]
      return row >= top && row < bottom && column >= left && column < right ? other.input[k] : value
    })
  }

  /** A part of a side; all of it where the original does not keep its labels under shifts along it, so that what lies there is not alike. */
  #span(side: number, shift: Movement): [from: number, to: number] {
    if (!this.#movements.includes(shift)) return [0, side]
    const length = Math.ceil(side * Math.sqrt(this.#random()))
    const from = Math.floor((side - length + 1) * this.#random())
    return [from, from + length]
  }

  #changed(one: Varied): Varied {
    if (this.#random() >= CHANGED) return one
    const [left, right] = [this.#any(), this.#any()]
    const amount = MOST_CHANGED * (2 * this.#random() - 1)
    return { ...one, input: one.input.map((value, k) => value + amount * (left[k] - right[k])) }
  }

  #any(): Float64Array {
    return this.#samples[this.#anyIndex()]
  }

  #another(epoch: number): Varied {
    return this.#move(this.#anyIndex(), epoch)
  }

  #anyIndex(): number {
    return Math.floor(this.#random() * this.#samples.length)
  }

  #move(index: number, epoch: number): Varied {
    const sample = this.#samples[index]
    const [plain, mirrored] = [this.#random() < PLAIN, this.#random() < MIRRORED]
    const shape = this.#shape
    const movements = this.#movements
    const still = plain || movements.every((movement) => movement === 'mirror')
    const moved = still ? sample : distort(sample, shape, index + epoch * this.#samples.length, movements)
    const input = mirrored && movements.includes('mirror') ? mirror(moved, shape) : moved
    return { input, parts: [index] }
  }

  #shuffled(): number[] {
    const order = [...this.#samples.keys()]
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(this.#random() * (i + 1))
      ;[order[i], order[j]] = [order[j], order[i]]
    }
    return order
  }
}

/** Whether samples to learn from hold rectangles of others, where such an axis is unlike. */
export const arePasted = (movements: readonly Movement[], unlike: PlaceAxis | undefined): boolean =>
  !unlike && SHIFTS.some((shift) => movements.includes(shift))

/** Made of both, by the values that `value` gives. */
const joined = (one: Varied, other: Varied, value: (of: number, k: number) => number): Varied => ({
  input: one.input.map(value),
  parts: [...one.parts, ...other.parts],
})
