import type { CommandSink } from './command-ring.ts'
import { encoderTables, encodingFactor, type EncoderTables } from './encoding.ts'
import type { KernelValue } from './kernel-evaluator.ts'
import type { MemoryLayout } from './memory-layout.ts'
import { present } from '../core/must.ts'

/** The work area of assembly/encrypt.ts, at the head of the shared memory. */
const KEY_AT = 16
const POLYNOMIALS_AT = 64

export interface InputEncryptionParts {
  readonly memory: WebAssembly.Memory
  readonly layout: MemoryLayout
  readonly commands: CommandSink
  /** Index of the special prime. */
  readonly special: number
}

/** Encrypts, or encodes, slots in the kernels' memory. */
export class InputEncryption {
  readonly #parts: InputEncryptionParts
  readonly #tables: EncoderTables

  constructor(parts: InputEncryptionParts) {
    this.#parts = parts
    const { memory, layout } = parts
    const { n } = layout.ring
    this.#tables = encoderTables(n)
    const { tables } = present(layout.input)
    new Float64Array(memory.buffer, tables, n).set(this.#tables.roots)
    new Float64Array(memory.buffer, tables + 8 * n, n).set(this.#tables.twists)
  }

  /** `key` is 32 bytes, for this ciphertext alone. */
  encrypt(slots: Float64Array, key: Uint8Array, target: KernelValue): void {
    const { layout, commands, special } = this.#parts
    const { primes } = target
    this.#prepare(slots, target.scale, 4, key)
    const count = primes < special ? primes : special
    const command = {
      primes,
      count,
      source: present(layout.input).publicKey,
      other: layout.shared,
      target: target.address,
    }
    commands.submit({ ...command, stage: 'takeRemainder', tasks: 2 })
    commands.submit({ ...command, stage: 'encrypt', tasks: primes })
    commands.finish()
  }

  encode(slots: Float64Array, target: KernelValue): void {
    const { layout, commands } = this.#parts
    const { primes, address } = target
    this.#prepare(slots, target.scale, 1)
    commands.submit({ stage: 'embed', tasks: primes, primes, other: layout.shared, target: address })
    commands.finish()
  }

  #prepare(slots: Float64Array, scale: number, tasks: number, key?: Uint8Array): void {
    const { memory, layout, commands } = this.#parts
    const { n, places } = this.#tables
    const work = layout.shared
    new Float64Array(memory.buffer, work, 1)[0] = encodingFactor(scale, n)
    if (key) new Uint8Array(memory.buffer, work + KEY_AT, 32).set(key)
    const values = new Float64Array(memory.buffer, work + POLYNOMIALS_AT, n / 2).fill(0)
    slots.forEach((value, slot) => (values[places[slot]] = value))
    commands.submit({ stage: 'prepare', tasks, primes: 1, source: present(layout.input).tables, other: work })
  }
}
