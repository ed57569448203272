/** Slots of a weight vector whose number does not count, marked as NaN: a weight there may be anything. */
import { getOrMake } from '../get-or-make.ts'
import type { OutputCandidate } from './candidates.ts'
import { modulo, positionsOf, type Layout, type SlotGroup } from './layout.ts'

type MarkFree = (output: number, giant: number, vector: Float64Array) => void
/** Marks what is multiplied by slots of an input ciphertext, rotated by a baby step, that hold zero. */
export type MarkZeros = (input: number, baby: number, vector: Float64Array) => void
/** Slots that meet an element of an input ciphertext rotated by a baby step. */
export type SupportOf = (input: number, baby: number) => Int32Array

/** Marks the slots of an output ciphertext, moved by a giant step, that nothing reads. */
export function freeSlots({ layout, lanes }: OutputCandidate): MarkFree {
  const used = slotsHeld(layout, lanes)
  return (output, giant, vector) => markOthers(used[output], -giant, vector)
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
  const held = slotsHeld(layout, layout.replicas)
  return (input, baby, vector) => markOthers(held[input], baby, vector)
}

/** By ciphertext, 1 in slots that hold an element or one of its copies. */
function slotsHeld(layout: Layout, { count, stride }: SlotGroup): Uint8Array[] {
  const { slots, ciphertexts } = layout
  const held = Array.from({ length: ciphertexts }, () => new Uint8Array(slots))
  for (const position of positionsOf(layout)) {
    const of = held[Math.floor(position / slots)]
    for (let copy = 0; copy < count; copy++) of[modulo((position % slots) + copy * stride, slots)] = 1
  }
  return held
}

/** Marks what meets a slot that holds nothing, rotated by so many steps. */
function markOthers(held: Uint8Array, steps: number, vector: Float64Array): void {
  for (let slot = 0; slot < held.length; slot++) if (!held[modulo(slot + steps, held.length)]) vector[slot] = NaN
}
