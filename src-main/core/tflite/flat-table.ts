import { ByteBuffer } from 'flatbuffers'
import { UserError } from '../errors.ts'

/** https://flatbuffers.dev/internals/: `flatbuffers` reads numbers; that they lie inside the file is checked here. */
export class FlatFile {
  readonly bytes: Uint8Array
  readonly buffer: ByteBuffer
  #left: number

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.buffer = new ByteBuffer(bytes)
    // Parts may be shared; a file that shares so much of itself was made to fill memory.
    this.#left = 4 * bytes.byteLength + 1000
  }

  get root(): FlatTable {
    return new FlatTable(this, this.indirect(0))
  }

  /** Counts what is read; throws where it is more than the file can hold. */
  spend(count: number): void {
    this.#left -= count
    if (!(this.#left >= 0)) throw badFile('its parts are shared without end')
  }

  check(at: number, bytes: number): number {
    const isInside = Number.isSafeInteger(at) && at >= 0 && bytes >= 0 && at + bytes <= this.bytes.byteLength
    if (!isInside) throw badFile('a part of it lies outside the file')
    return at
  }

  indirect(at: number): number {
    return at + this.buffer.readUint32(this.check(at, 4))
  }
}

/** Where the elements of a vector lie, and how many there are. */
interface Vector {
  readonly first: number
  readonly length: number
}

/** A table by the numbers of its fields; absent fields have the defaults of the schema. */
export class FlatTable {
  readonly #file: FlatFile
  readonly #at: number
  readonly #vtable: number
  readonly #fields: number

  constructor(file: FlatFile, at: number) {
    file.spend(1)
    this.#file = file
    this.#at = file.check(at, 4)
    this.#vtable = file.check(at - file.buffer.readInt32(at), 4)
    this.#fields = (file.buffer.readUint16(this.#vtable) - 4) >> 1
    file.check(this.#vtable, 4 + 2 * Math.max(0, this.#fields))
  }

  int(field: number, fallback = 0): number {
    const at = this.#place(field, 4)
    return at === undefined ? fallback : this.#file.buffer.readInt32(at)
  }

  byte(field: number, fallback = 0): number {
    const at = this.#place(field, 1)
    return at === undefined ? fallback : this.#file.buffer.readInt8(at)
  }

  flag(field: number): boolean {
    return this.byte(field) !== 0
  }

  float(field: number, fallback = 0): number {
    const at = this.#place(field, 4)
    return at === undefined ? fallback : this.#file.buffer.readFloat32(at)
  }

  unsignedLong(field: number): number {
    const at = this.#place(field, 8)
    return at === undefined ? 0 : Number(this.#file.buffer.readUint64(at))
  }

  table(field: number): FlatTable | undefined {
    const at = this.#place(field, 4)
    return at === undefined ? undefined : new FlatTable(this.#file, this.#file.indirect(at))
  }

  tables(field: number): FlatTable[] {
    return this.#read(field, 4, (at) => new FlatTable(this.#file, this.#file.indirect(at))) ?? []
  }

  ints(field: number): number[] | undefined {
    return this.#read(field, 4, (at) => this.#file.buffer.readInt32(at))
  }

  floats(field: number): number[] {
    return this.#read(field, 4, (at) => this.#file.buffer.readFloat32(at)) ?? []
  }

  longs(field: number): number[] {
    return this.#read(field, 8, (at) => Number(this.#file.buffer.readInt64(at))) ?? []
  }

  bytes(field: number): Uint8Array | undefined {
    const vector = this.#vector(field, 1)
    return vector && this.#file.bytes.subarray(vector.first, vector.first + vector.length)
  }

  text(field: number): string {
    const bytes = this.bytes(field)
    if (!bytes) return ''
    this.#file.spend(bytes.length)
    return new TextDecoder().decode(bytes)
  }

  #read<T>(field: number, width: number, read: (at: number) => T): T[] | undefined {
    const vector = this.#vector(field, width)
    if (!vector) return undefined
    this.#file.spend(vector.length)
    return Array.from({ length: vector.length }, (_, index) => read(vector.first + index * width))
  }

  #vector(field: number, width: number): Vector | undefined {
    const at = this.#place(field, 4)
    if (at === undefined) return undefined
    const start = this.#file.indirect(at)
    const length = this.#file.buffer.readUint32(this.#file.check(start, 4))
    return { first: this.#file.check(start + 4, length * width), length }
  }

  /** Where a field's value lies; undefined where it is absent. */
  #place(field: number, bytes: number): number | undefined {
    if (field >= this.#fields) return undefined
    const offset = this.#file.buffer.readUint16(this.#vtable + 4 + 2 * field)
    return offset === 0 ? undefined : this.#file.check(this.#at + offset, bytes)
  }
}

/**
 * An element of a list that the file gives another length than its other parts ask for only where it is damaged.
 * @throws UserError 'bad-tflite' if it is not there
 */
export function elementAt<T>(list: ArrayLike<T>, at: number): T {
  const element: T | undefined = list[at]
  if (element === undefined) throw badFile(`a list of ${list.length} elements lacks element ${at + 1}`)
  return element
}

/** The error of a file that contradicts itself; `message` without a full stop. */
export const badFile = (message: string): UserError =>
  new UserError('bad-tflite', `The TFLite file is damaged or cut off: ${message}.`, {
    hint: 'Copy it again if it was downloaded, or convert the network again.',
  })
