/*
 * Residues below a prime of b bits, packed without gaps: residue i takes bits i·b … i·b + b − 1, lowest bit first. Unpacked they
 * are little-endian 64-bit integers; their count is a multiple of 32. Bytes may begin anywhere in their buffer, so that nothing
 * has to be copied to be read: large buffers that live for a moment cost V8 a collection each few dozen of them.
 */

/** Packs the residues of `source` into `target`, which has room for just them. */
export function packInto(source: Uint8Array, bits: number, target: Uint8Array): void {
  const [from, to] = [viewOf(source), viewOf(target)]
  const [lowBits, highBits] = [Math.min(bits, 32), Math.max(bits - 32, 0)]
  let at = 0
  let held = 0
  let heldBits = 0
  const push = (value: number, count: number): void => {
    held |= value << heldBits
    heldBits += count
    if (heldBits < 32) return
    to.setUint32(at, held, true)
    at += 4
    heldBits -= 32
    // Shifts are modulo 32, so a value that fitted whole leaves nothing by the other branch.
    held = heldBits === 0 ? 0 : value >>> (count - heldBits)
  }
  for (let i = 0; i < source.length; i += 8) {
    push(from.getUint32(i, true), lowBits)
    if (highBits > 0) push(from.getUint32(i + 4, true), highBits)
  }
}

/** The inverse of `packInto`. */
export function unpackInto(packed: Uint8Array, bits: number, target: Uint8Array): void {
  const [from, to] = [viewOf(packed), viewOf(target)]
  const [lowBits, highBits] = [Math.min(bits, 32), Math.max(bits - 32, 0)]
  let at = 0
  let used = 0
  const take = (count: number): number => {
    let value = from.getUint32(at, true) >>> used
    const left = 32 - used
    if (count >= left) {
      at += 4
      if (count > left) value |= from.getUint32(at, true) << left
      used = count - left
    } else {
      used += count
    }
    return count === 32 ? value : value & ((1 << count) - 1)
  }
  for (let i = 0; i < target.length; i += 8) {
    to.setUint32(i, take(lowBits), true)
    to.setUint32(i + 4, highBits > 0 ? take(highBits) : 0, true)
  }
}

/** `words` holds 64-bit integers as pairs of halves, the lower first. */
export function packResidues(words: Uint32Array, bits: number): Uint8Array {
  const packed = new Uint8Array((words.length / 2) * (bits / 8))
  packInto(bytesOf(words), bits, packed)
  return packed
}

/** The inverse of `packResidues`, into `words`. */
export const unpackResidues = (packed: Uint8Array, bits: number, words: Uint32Array): void =>
  unpackInto(packed, bits, bytesOf(words))

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength)
