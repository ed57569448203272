/** Slots of a weight vector whose number does not count, marked as NaN: a weight there may be anything. */
import { getOrMake } from '../get-or-make.ts'
import type { OutputCandidate } from './candidates.ts'
import { modulo, positionsOf, type Layout } from './layout.ts'

type MarkFree = (output: number, giant: number, vector: Float64Array) => void
/** Marks what is multiplied by slots of an input ciphertext, rotated by a baby step, that hold zero. */
export type MarkZeros = (input: number, baby: number, vector: Float64Array) => void
/** Slots that meet an element of an input ciphertext rotated by a baby step. */
export type SupportOf = (input: number, baby: number) => Int32Array

/** Marks the slots of an output ciphertext, moved by a giant step, that nothing reads. */
export function freeSlots({ layout, lanes }: OutputCandidate): MarkFree {
  const { slots } = layout
  const used = Array.from({ length: layout.ciphertexts }, () => new Uint8Array(slots))
  for (const position of positionsOf(layout)) {
    const slot = position % slots
    for (let lane = 0; lane < lanes.count; lane++) {
      used[Math.floor(position / slots)][modulo(slot + lane * lanes.stride, slots)] = 1
    }
  }
  return (output, giant, vector) => {
    for (let slot = 0; slot < slots; slot++) {
      if (!used[output][modulo(slot - giant, slots)]) vector[slot] = NaN
    }
  }
}

/** Of an input in this layout, in all its replicas. */
export function elementSlots(layout: Layout): SupportOf {
  const known = new Map<string, Int32Array>()
  const { slots, replicas } = layout
  return (input, baby) =>
    getOrMake(known, `${input} ${baby}`, () => {
      const met = new Set<number>()
      for (const position of positionsOf(layout)) {
        if (Math.floor(position / slots) !== input) continue
        for (let r = 0; r < replicas.count; r++) met.add(modulo((position % slots) + r * replicas.stride - baby, slots))
      }
      return Int32Array.from(met).sort()
    })
}

/** Of an input that nobody but its packer writes, which leaves zero in all other slots. */
export function zeroSlots(layout: Layout): MarkZeros {
  const { slots, replicas, ciphertexts } = layout
  const holds = Array.from({ length: ciphertexts }, () => new Uint8Array(slots))
  for (const position of positionsOf(layout)) {
    for (let r = 0; r < replicas.count; r++) {
      holds[Math.floor(position / slots)][modulo((position % slots) + r * replicas.stride, slots)] = 1
    }
  }
  return (input, baby, vector) => {
    for (let slot = 0; slot < slots; slot++) if (!holds[input][modulo(slot + baby, slots)]) vector[slot] = NaN
  }
}
