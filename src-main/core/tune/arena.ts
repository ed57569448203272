import { openKernels } from './kernels.ts'
import type { Kernels } from './kernels.ts'

/** A run of numbers in the kernels' memory; its values can be touched once the arena is open. */
export interface Block {
  /** In bytes. */
  readonly at: number
  readonly values: Float32Array
  readonly integers: Int32Array
}

const ALIGNMENT = 64
/** Below lies the module's own data: what its kernels pack. */
const FIRST = 2 ** 16

/** Lays out blocks, then makes one memory that holds them all. */
export class Arena {
  #end = FIRST
  #scratchLength = 0
  #buffer = new ArrayBuffer(0)

  block(length: number): Block {
    const at = this.#end
    this.#end += Math.ceil((length * 4) / ALIGNMENT) * ALIGNMENT
    return this.#blockAt(() => at, length)
  }

  /** A block that shares its place with all other scratch. */
  scratch(length: number): Block {
    this.#scratchLength = Math.max(this.#scratchLength, length)
    return this.#blockAt(() => this.#end, length)
  }

  #blockAt(place: () => number, length: number): Block {
    const view = once(() => new Float32Array(this.#buffer, place(), length))
    const integers = once(() => new Int32Array(this.#buffer, place(), length))
    return {
      get at() {
        return place()
      },
      get values() {
        return view()
      },
      get integers() {
        return integers()
      },
    }
  }

  open(): Kernels {
    const { kernels, buffer } = openKernels(this.#end + 4 * this.#scratchLength)
    this.#buffer = buffer
    return kernels
  }
}

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}
