import { randomNumbers } from './compare.ts'

/** A damaged copy: flipped bits, changed, lost, repeated, exchanged or inserted bytes; a function of the seed. */
export function mutate(bytes: Uint8Array, seed: number): Uint8Array {
  const next = randomNumbers(seed)
  const below = (bound: number): number => Math.floor(((next() + 1) / 2) * bound)
  let result = Uint8Array.from(bytes)
  const changes = 1 + below(4)
  for (let change = 0; change < changes && result.length > 2; change++) result = mutateOnce(result, below)
  return result
}

/** Values that parsers trip over: varints of many bytes, zero, the largest length of one byte. */
const nasty = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x12, 0x08]

function mutateOnce(bytes: Uint8Array, below: (bound: number) => number): Uint8Array<ArrayBuffer> {
  const result = Uint8Array.from(bytes)
  const at = below(result.length)
  const length = 1 + below(Math.min(64, result.length - at))
  switch (below(6)) {
    case 0:
      result[at] ^= 1 << below(8)
      return result
    case 1:
      result[at] = nasty[below(nasty.length)]
      return result
    case 2:
      return Uint8Array.from([...result.subarray(0, at), ...result.subarray(at + length)])
    case 3:
      return Uint8Array.from([...result.subarray(0, at + length), ...result.subarray(at)])
    case 4: {
      const from = below(result.length - length + 1)
      result.copyWithin(at, from, from + length)
      return result
    }
    default: {
      const inserted = Array.from({ length: 1 + below(8) }, () => nasty[below(nasty.length)])
      return Uint8Array.from([...result.subarray(0, at), ...inserted, ...result.subarray(at)])
    }
  }
}
