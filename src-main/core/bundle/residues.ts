/**
 * Residues below a prime of b bits, packed without gaps: residue i takes bits i·b … i·b + b − 1, lowest bit first.
 * `words` holds little-endian 64-bit integers as pairs of 32-bit halves; the count is a multiple of 32.
 */
export function packResidues(words: Uint32Array, bits: number): Uint8Array {
  const out = new Uint32Array((words.length / 2) * (bits / 32))
  const [lowBits, highBits] = [Math.min(bits, 32), Math.max(bits - 32, 0)]
  let at = 0
  let held = 0
  let heldBits = 0
  const push = (value: number, count: number): void => {
    held |= value << heldBits
    heldBits += count
    if (heldBits < 32) return
    out[at++] = held
    heldBits -= 32
    // Shifts are modulo 32, so a value that fitted whole leaves nothing by the other branch.
    held = heldBits === 0 ? 0 : value >>> (count - heldBits)
  }
  for (let i = 0; i < words.length; i += 2) {
    push(words[i], lowBits)
    if (highBits > 0) push(words[i + 1], highBits)
  }
  return new Uint8Array(out.buffer)
}

/** The inverse of `packResidues`, into `words`. */
export function unpackResidues(packed: Uint8Array, bits: number, words: Uint32Array): void {
  // Node's Buffer has a slice() that does not copy.
  const source = new Uint32Array(new Uint8Array(packed).buffer)
  const [lowBits, highBits] = [Math.min(bits, 32), Math.max(bits - 32, 0)]
  let at = 0
  let used = 0
  const take = (count: number): number => {
    let value = source[at] >>> used
    const left = 32 - used
    if (count >= left) {
      at += 1
      if (count > left) value |= source[at] << left
      used = count - left
    } else {
      used += count
    }
    return count === 32 ? value : value & ((1 << count) - 1)
  }
  for (let i = 0; i < words.length; i += 2) {
    words[i] = take(lowBits)
    words[i + 1] = highBits > 0 ? take(highBits) : 0
  }
}
