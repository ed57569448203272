import type { Quantisation } from '../network/fake-quantize.ts'
import type { OnnxBuilder } from './onnx-builder.ts'

/** scale · (q − zero) with q = round(x / scale) + zero, held between its ends; halves to even, or with `away` away from 0. */
export function writeFakeQuantize(
  onnx: OnnxBuilder,
  x: string,
  { scale, zero, min, max }: Quantisation,
  away: boolean,
): string {
  const number = (value: number): string => onnx.floats([value], [1])
  const steps = onnx.node('Div', [x, number(scale)])
  const rounded = away ? roundAway(steps) : onnx.node('Round', [steps])
  const held = onnx.node('Min', [onnx.node('Max', [rounded, number(min - zero)]), number(max - zero)])
  return onnx.node('Mul', [held, number(scale)])

  function roundAway(value: string): string {
    const stored = onnx.node('Add', [value, number(zero)])
    const floor = onnx.node('Floor', [onnx.node('Add', [onnx.node('Abs', [stored]), number(0.5)])])
    return onnx.node('Sub', [onnx.node('Mul', [onnx.node('Sign', [stored]), floor]), number(zero)])
  }
}
