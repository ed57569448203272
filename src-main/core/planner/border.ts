import type { ConvGeometry, Shape } from '../network/layer-model.ts'
import { modulo, positionsOf, type Layout } from './layout.ts'

/**
 * Whether every slot that a convolution reads beyond the edge of its input is without element: it holds zero where whoever
 * packed the input leaves zero, so that the weight there may be any.
 */
export function hasBorder(from: Layout, { kernel, strides, dilations, pads }: ConvGeometry, to: Shape): boolean {
  const { slots, replicas, channel } = from
  const rows = readBy(from.row, kernel[0], strides[0], dilations[0], pads[0], to[1])
  const columns = readBy(from.column, kernel[1], strides[1], dilations[1], pads[1], to[2])
  if (!rows || !columns) return false
  const holds = new Uint8Array(from.ciphertexts * slots)
  for (const position of positionsOf(from)) {
    const first = position - (position % slots)
    for (let r = 0; r < replicas.count; r++) holds[first + modulo(position + r * replicas.stride, slots)] = 1
  }
  return channel.every((base) => {
    const first = base - (base % slots)
    const isFree = (row: number, column: number): boolean => holds[first + modulo(base + row + column, slots)] === 0
    return rows.every((row) =>
      columns.every((column) => (row.isInside && column.isInside) || isFree(row.offset, column.offset)),
    )
  })
}

interface Read {
  readonly offset: number
  readonly isInside: boolean
}

/** Offsets that the taps of one axis read, edges included; undefined where they are not evenly spaced. */
function readBy(
  offsets: Int32Array,
  kernel: number,
  stride: number,
  dilation: number,
  pad: number,
  outputs: number,
): Read[] | undefined {
  const step = offsets.length > 1 ? offsets[1] - offsets[0] : 0
  if (!offsets.every((offset, i) => offset === offsets[0] + i * step)) return undefined
  const places = new Set<number>()
  for (let out = 0; out < outputs; out++) {
    for (let tap = 0; tap < kernel; tap++) places.add(out * stride + tap * dilation - pad)
  }
  return [...places].map((at) => ({ offset: offsets[0] + at * step, isInside: at >= 0 && at < offsets.length }))
}
