import type { ConvMap, Shape } from '../network/layer-model.ts'
import { modulo, type Layout } from './layout.ts'

/** Sums over a window by rotating and adding: no product, no level. The factor belongs to the next linear map. */
export interface PoolStep {
  readonly kernel: readonly [number, number]
  readonly strides: readonly [number, number]
  readonly dilations: readonly [number, number]
  readonly shape: Shape
}

/** Adds to a value itself rotated left by every listed number of slots. */
export type RotationPass = readonly number[]

export interface PooledLayout {
  readonly layout: Layout
  readonly passes: readonly RotationPass[]
}

/** The pool that rotations can sum, of a depthwise map over [C, H, W]; undefined if windows reach into padding. */
export function poolStepOf(map: ConvMap, shape: Shape): PoolStep | undefined {
  if (map.pads.some((pad) => pad !== 0)) return undefined
  return { kernel: map.kernel, strides: map.strides, dilations: map.dilations, shape }
}

/** Undefined where a window tap is not the same rotation for every output. */
export function poolLayout(from: Layout, pool: PoolStep): PooledLayout | undefined {
  const [, height, width] = pool.shape
  const rows = axisShifts(from.row, height, pool.kernel[0], pool.strides[0], pool.dilations[0])
  const columns = axisShifts(from.column, width, pool.kernel[1], pool.strides[1], pool.dilations[1])
  if (!rows || !columns) return undefined
  const axes = [rows, columns].filter((shifts) => shifts.length > 1).sort((a, b) => b[1] - a[1])
  let replicas = from.replicas
  let clean = from.clean
  for (const shifts of axes) {
    const period = replicas.count > 1 ? replicas.stride : from.slots
    const cyclic = replicas.count === 1 || replicas.stride * replicas.count === from.slots
    if (cyclic && shifts.length === 2 && shifts[1] * 2 === period) {
      replicas = { stride: period / 2, count: replicas.count * 2 }
    } else {
      clean = false
    }
  }
  return {
    layout: {
      ...from,
      shape: pool.shape,
      row: Int32Array.from({ length: height }, (_, y) => from.row[y * pool.strides[0]]),
      column: Int32Array.from({ length: width }, (_, x) => from.column[x * pool.strides[1]]),
      replicas,
      clean,
    },
    passes: axes.flatMap((shifts) => passesOf(shifts)).map((pass) => pass.map((shift) => modulo(shift, from.slots))),
  }
}

function axisShifts(
  offsets: Int32Array,
  outputs: number,
  kernel: number,
  stride: number,
  dilation: number,
): number[] | undefined {
  const shifts: number[] = []
  for (let tap = 0; tap < kernel; tap++) {
    const shift = offsets[tap * dilation] - offsets[0]
    for (let out = 0; out < outputs; out++) {
      const at = out * stride + tap * dilation
      if (at >= offsets.length || offsets[at] - offsets[out * stride] !== shift) return undefined
    }
    shifts.push(shift)
  }
  return shifts
}

/** A power-of-two window with even spacing doubles; any other adds each tap. */
function passesOf(shifts: readonly number[]): RotationPass[] {
  const even = shifts.every((shift, tap) => shift === tap * shifts[1])
  if (!even || (shifts.length & (shifts.length - 1)) !== 0) return [shifts.slice(1)]
  const passes: RotationPass[] = []
  for (let span = 1; span < shifts.length; span *= 2) passes.push([span * shifts[1]])
  return passes
}
