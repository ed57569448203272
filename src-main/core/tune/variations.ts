import { randomNumbers } from '../numeric/random-numbers.ts'
import { distort, mirror } from './distort.ts'
import type { Movement } from './distort.ts'
import type { Shape } from '../network/layer-model.ts'

/** Shares of the samples that an epoch sees as they are, mirrored, or mixed with another one. */
const [PLAIN, MIRRORED, MIXED] = [0.3, 0.5, 0.3]

/**
 * The samples as one epoch sees them, in an order of its own: some as they are, others distorted, mirrored and mixed,
 * so that no two epochs see the same; moved only by the given movements. The original network says what is right for each, whatever it shows.
 */
export class Variations {
  readonly #samples: readonly Float64Array[]
  readonly #shape: Shape
  readonly #movements: readonly Movement[]
  readonly #random = randomNumbers(1)

  constructor(samples: readonly Float64Array[], shape: Shape, movements: readonly Movement[]) {
    this.#samples = samples
    this.#shape = shape
    this.#movements = movements
  }

  /** Chunks of at most `size`. With `beyond`, all are mixtures that lie up to that share outside their two samples. */
  *epoch(epoch: number, size: number, beyond = 0): Generator<readonly Float64Array[]> {
    const order = this.#shuffled()
    for (let first = 0; first < order.length; first += size) {
      yield order.slice(first, first + size).map((i) => this.#vary(i, epoch, beyond))
    }
  }

  #vary(index: number, epoch: number, beyond: number): Float64Array {
    const one = this.#move(index, epoch)
    if (beyond === 0 && this.#random() >= MIXED) return one
    const other = this.#move(Math.floor(this.#random() * this.#samples.length), epoch)
    const share = (1 + 2 * beyond) * this.#random() - beyond
    return one.map((value, k) => share * value + (1 - share) * other[k])
  }

  #move(index: number, epoch: number): Float64Array {
    const sample = this.#samples[index]
    const [plain, mirrored] = [this.#random() < PLAIN, this.#random() < MIRRORED]
    const shape = this.#shape
    const movements = this.#movements
    const still = plain || movements.every((movement) => movement === 'mirror')
    const moved = still ? sample : distort(sample, shape, index + epoch * this.#samples.length, movements)
    return mirrored && movements.includes('mirror') ? mirror(moved, shape) : moved
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
