/*
 * Residues below a prime of b bits, packed without gaps: residue i takes bits i·b … i·b + b − 1, lowest bit first. Unpacked they
 * are little-endian 64-bit integers; their count is a multiple of 32. Bytes may begin anywhere in their buffer, so that nothing
 * has to be copied to be read: large buffers that live for a moment cost V8 a collection each few dozen of them. Shifts by
 * 32 − n, which may be 32, go in two steps, since JavaScript takes them modulo 32.
 */

/** Packs the residues of `source` into `target`, which has room for just them. */
export function packInto(source: Uint8Array, bits: number, target: Uint8Array): void {
  const [from, to] = [viewOf(source), viewOf(target)]
  let at = 0
  // The word that is begun, and how many of its bits: fewer than 32.
  let held = 0
  let begun = 0
  for (let i = 0; i < source.length; i += 8) {
    const low = from.getInt32(i, true)
    const high = from.getInt32(i + 4, true)
    const one = held | (low << begun)
    const two = ((low >>> 1) >>> (31 - begun)) | (high << begun)
    const end = begun + bits
    if (end >= 32) to.setInt32(at, one, true)
    if (end >= 64) to.setInt32(at + 4, two, true)
    held = end < 32 ? one : end < 64 ? two : (high >>> 1) >>> (31 - begun)
    at += (end >>> 5) << 2
    begun = end & 31
  }
}

/** The inverse of `packInto`. */
export function unpackInto(packed: Uint8Array, bits: number, target: Uint8Array): void {
  const [from, to] = [viewOf(packed), viewOf(target)]
  const lowMask = bits < 32 ? (1 << bits) - 1 : -1
  const highMask = bits > 32 ? -1 >>> (64 - bits) : 0
  for (let i = 0, bit = 0; i < target.length; i += 8, bit += bits) {
    const at = (bit >>> 5) << 2
    const used = bit & 31
    const one = from.getInt32(at, true)
    const two = used + bits > 32 ? from.getInt32(at + 4, true) : 0
    const three = used + bits > 64 ? from.getInt32(at + 8, true) : 0
    to.setInt32(i, ((one >>> used) | ((two << 1) << (31 - used))) & lowMask, true)
    to.setInt32(i + 4, ((two >>> used) | ((three << 1) << (31 - used))) & highMask, true)
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
