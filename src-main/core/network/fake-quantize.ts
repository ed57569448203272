import { roundHalfEven } from './element-wise.ts'

/** How real numbers are stored as integers: q = round(r / scale) + zero, held between min and max. */
export interface Quantisation {
  readonly scale: number
  readonly zero: number
  readonly min: number
  readonly max: number
}

/**
 * Where a number lies halfway: 'even' rounds r / scale to the even integer, as ONNX does; 'away' rounds
 * r / scale + zero away from zero, as TFLite's average pools do on integers.
 */
export type HalfRule = 'even' | 'away'

/**
 * Quantise, then dequantise: https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html. ONNX's rule is computed in
 * float32, as its operators are: means of few quantised values often lie halfway, and there the last bit decides.
 */
export function fakeQuantizeFunction(
  { scale, zero, min, max }: Quantisation,
  half: HalfRule = 'even',
): (x: number) => number {
  const held = (stored: number): number => scale * (Math.min(max, Math.max(min, stored)) - zero)
  if (half === 'away') return (x) => held(roundHalfAway(x / scale + zero))
  return (x) => Math.fround(held(roundHalfEven(Math.fround(Math.fround(x) / scale)) + zero))
}

/** The clamp that quantising is, without its rounding. */
export const clampOf = ({ scale, zero, min, max }: Quantisation): { min: number; max: number } => ({
  min: scale * (min - zero),
  max: scale * (max - zero),
})

/**
 * DynamicQuantizeLinear, then back, of all values of one sample: 8 bits between their own least and greatest, zero
 * included (https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html).
 */
export function dynamicQuantisation(values: Float64Array): Quantisation {
  const [least, greatest] = values.reduce(([low, high], x) => [Math.min(low, x), Math.max(high, x)], [0, 0])
  const scale = Math.fround((greatest - least) / 255) || 1
  return { scale, zero: Math.min(255, Math.max(0, roundHalfEven(-least / scale))), min: 0, max: 255 }
}

/** Sums this near to a half are halves: integer kernels meet them exactly, floating point only nearly. */
const nearHalf = 2e-5

function roundHalfAway(x: number): number {
  const floor = Math.floor(x)
  const isHalf = Math.abs(x - floor - 0.5) < nearHalf
  return isHalf ? (x < 0 ? floor : floor + 1) : Math.round(x)
}
