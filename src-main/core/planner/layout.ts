import type { Shape } from '../network/layer-model.ts'

/**
 * Where a tensor's elements are. Element (c, y, x) is at channel[c] + row[y] + column[x]; that number's
 * quotient by `slots` is the ciphertext, its remainder (taken cyclically) the slot.
 */
export interface Layout {
  readonly shape: Shape
  readonly slots: number
  readonly ciphertexts: number
  readonly channel: Int32Array
  readonly row: Int32Array
  readonly column: Int32Array
  readonly replicas: SlotGroup
  /** Slots that hold no element hold zero. */
  readonly clean: boolean
}

/** The offsets 0, stride, …, (count − 1)·stride; stride and count are powers of two. */
export interface SlotGroup {
  readonly stride: number
  readonly count: number
}

export const single: SlotGroup = { stride: 1, count: 1 }

/** The group closes on itself: a rotate-and-sum over it leaves the sum at every offset. */
export const isCyclic = (group: SlotGroup, slots: number): boolean => group.stride * group.count === slots

/** The index of the ciphertext that holds channel `c`: channel offsets carry it, row and column offsets wrap within it. */
export function ciphertextOf(layout: Layout, c: number): number {
  return Math.floor(layout.channel[c] / layout.slots)
}

/** The slot, 0 … slots − 1, of element (c, y, x) in that ciphertext. */
export function slotOf(layout: Layout, c: number, y: number, x: number): number {
  return (layout.channel[c] + layout.row[y] + layout.column[x]) % layout.slots
}

/** positions[e] = ciphertext · slots + slot, elements flattened in [channel, row, column] order. */
export function positionsOf(layout: Layout): Int32Array {
  const [channels, height, width] = layout.shape
  const positions = new Int32Array(channels * height * width)
  let e = 0
  for (let c = 0; c < channels; c++) {
    const base = ciphertextOf(layout, c) * layout.slots
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) positions[e++] = base + slotOf(layout, c, y, x)
    }
  }
  return positions
}

/** The remainder in 0 … modulus − 1, of negative values too. */
export const modulo = (value: number, modulus: number): number => ((value % modulus) + modulus) % modulus

/** The least power of two that is not below `value`. */
export const nextPowerOfTwo = (value: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, value)))

/** Equal for equal layouts. Stops the search from keeping one layout twice. */
export function signatureOf(layout: Layout): string {
  const { shape, channel, row, column, replicas, clean } = layout
  return [shape, channel, row, column, replicas.stride, replicas.count, clean].map(String).join('|')
}

/** Offsets of an axis of `count` places, in slots: base, base + stride, …, base + (count − 1)·stride. */
export function affine(count: number, stride: number, base = 0): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => base + i * stride)
}

/**
 * The layout with every element copied into unused slots, and the rotations that do it: more replicas make
 * fewer diagonals. Needs empty slots that hold zero.
 */
export function spreadLayouts(layout: Layout): { layout: Layout; passes: number[][] }[] {
  if (!layout.clean || layout.replicas.count > 1) return []
  const { slots } = layout
  let used = 0
  for (const position of positionsOf(layout)) used |= position % slots
  const spreads: { layout: Layout; passes: number[][] }[] = []
  for (let stride = 1; stride < slots; stride *= 2) {
    const passes: number[][] = []
    for (let count = 2; stride * count <= slots && !(used & ((stride * count) / 2)); count *= 2) {
      passes.push([slots - (stride * count) / 2])
      spreads.push({ layout: { ...layout, replicas: { stride, count } }, passes: [...passes] })
    }
  }
  return spreads
}
