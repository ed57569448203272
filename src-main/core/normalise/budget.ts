import { UserError } from '../errors.ts'
import type { Tensor } from '../graph/graph.ts'

/** Numbers that normalising may make by itself, on top of a multiple of those in the file: 256 MB. */
const freeElements = 2 ** 25
const copies = 4

/** Bounds the memory that a small file can ask for by folding, moving and repeating. */
export class Budget {
  #left: number

  constructor(constants: Iterable<Tensor>) {
    this.#left = freeElements
    for (const tensor of constants) this.#left += copies * tensor.data.length
  }

  /** @throws UserError too-large when the numbers run out */
  spend(elements: number): void {
    this.#left -= elements
    if (this.#left < 0) {
      throw new UserError('too-large', 'the network needs more memory than its weights explain', {
        hint: 'Simplify the model before exporting it.',
      })
    }
  }
}
