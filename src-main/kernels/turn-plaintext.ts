import { getOrMake } from '../core/get-or-make.ts'
import type { KernelValue } from './kernel-evaluator.ts'
import { galoisElement, reverseBits } from './number-theory.ts'

/**
 * Rotates encoded plaintexts: X → X^g only permutes the evaluation points of a transformed polynomial, so no key
 * is needed. Equal word for word to encoding the rotated slots.
 */
export class PlaintextTurner {
  readonly #memory: WebAssembly.Memory
  readonly #n: number
  /** By steps: where each point of the result comes from. */
  readonly #permutations = new Map<number, Uint32Array>()

  constructor(memory: WebAssembly.Memory, n: number) {
    this.#memory = memory
    this.#n = n
  }

  turn(source: KernelValue, steps: number, target: KernelValue): void {
    const permutation = this.#permutation(steps)
    for (let prime = 0; prime < source.primes; prime++) {
      const from = this.#polynomial(source, prime)
      const to = this.#polynomial(target, prime)
      for (let i = 0; i < permutation.length; i++) to[i] = from[permutation[i]]
    }
  }

  #polynomial({ address }: KernelValue, prime: number): Float64Array {
    return new Float64Array(this.#memory.buffer, address + 8 * this.#n * prime, this.#n)
  }

  #permutation(steps: number): Uint32Array {
    return getOrMake(this.#permutations, steps, () => galoisPermutation(this.#n, galoisElement(steps, this.#n)))
  }
}

/** permutation[i] is the bit-reversed index of the point whose exponent is point i's times the element, modulo 2n. */
function galoisPermutation(n: number, element: number): Uint32Array {
  const bits = Math.log2(n)
  return Uint32Array.from({ length: n }, (_, i) => {
    const exponent = ((2 * reverseBits(i, bits) + 1) * element) % (2 * n)
    return reverseBits(exponent >> 1, bits)
  })
}
