import type { ConvMap, DenseMap, LinearMap, Shape, SparseMap } from './layer-model.ts'
import { sizeOf } from './layer-model.ts'

/**
 * map(x) for one flattened sample, or for `samples` of them at once with the sample as the fastest-running index:
 * x[element × samples + sample]. Adds to `out` where it is given, so that the terms of a layer can share it.
 */
export function applyLinearMap(
  map: LinearMap,
  inputShape: Shape,
  outputShape: Shape,
  x: Float64Array,
  samples = 1,
  out: Float64Array = new Float64Array(sizeOf(outputShape) * samples),
): Float64Array {
  if (map.kind === 'conv') applyConv(map, inputShape, outputShape, x, samples, out)
  else if (map.kind === 'dense') applyDense(map, sizeOf(inputShape), sizeOf(outputShape), x, samples, out)
  else applySparse(map, x, samples, out)
  return out
}

/**
 * Pads the input once, so that every output position reads the same pattern of offsets; then each pair of outputs
 * runs over contiguous columns (or samples, where the stride leaves gaps).
 */
function applyConv(
  map: ConvMap,
  input: Shape,
  [outputChannels, outputHeight, outputWidth]: Shape,
  x: Float64Array,
  samples: number,
  out: Float64Array,
): void {
  const { kernel, strides, dilations, groups } = map
  const height = (outputHeight - 1) * strides[0] + (kernel[0] - 1) * dilations[0] + 1
  const width = (outputWidth - 1) * strides[1] + (kernel[1] - 1) * dilations[1] + 1
  const padded = padImage(x, input, map.pads, height, width, samples)
  const inputsPerGroup = input[0] / groups
  const outputsPerGroup = outputChannels / groups
  const taps = kernel[0] * kernel[1]
  const plane = height * width * samples
  const outPlane = outputHeight * outputWidth * samples
  const offsets = Int32Array.from({ length: inputsPerGroup * taps }, (_, index) => {
    const tap = index % taps
    const row = Math.floor(tap / kernel[1]) * dilations[0]
    const column = (tap % kernel[1]) * dilations[1]
    return Math.floor(index / taps) * plane + (row * width + column) * samples
  })
  const [columns, run] = strides[1] === 1 ? [1, outputWidth * samples] : [outputWidth, samples]
  for (let output = 0; output < outputChannels;) {
    const group = Math.floor(output / outputsPerGroup)
    const pair = (output % outputsPerGroup) + 1 < outputsPerGroup ? 2 : 1
    const base = group * inputsPerGroup * plane
    for (let row = 0; row < outputHeight; row++) {
      for (let column = 0; column < columns; column++) {
        const to = output * outPlane + (row * outputWidth + column) * samples
        const from = base + (row * strides[0] * width + column * strides[1]) * samples
        multiplyRun(out, to, pair === 2 ? outPlane : 0, padded, from, offsets, map.weight, output, run)
      }
    }
    output += pair
  }
}

/** The part of the zero-padded image that the kernel can reach: `height` × `width` from the padded corner. */
function padImage(
  x: Float64Array,
  [channels, inputHeight, inputWidth]: Shape,
  [top, left]: ConvMap['pads'],
  height: number,
  width: number,
  samples: number,
): Float64Array {
  if (top === 0 && left === 0 && height === inputHeight && width === inputWidth) return x
  const padded = new Float64Array(channels * height * width * samples)
  const length = (Math.min(inputWidth, width - left) - Math.max(0, -left)) * samples
  for (let channel = 0; channel < channels; channel++) {
    for (let row = Math.max(0, -top); row < inputHeight && row + top < height; row++) {
      const from = ((channel * inputHeight + row) * inputWidth + Math.max(0, -left)) * samples
      const to = ((channel * height + row + top) * width + Math.max(0, left)) * samples
      if (length > 0) padded.set(x.subarray(from, from + length), to)
    }
  }
  return padded
}

/**
 * `out[to + j] += Σ_k weights[output][k] · x[from + offsets[k] + j]` for `j < length`, and the same for the next output
 * at to + step, unless step is 0. Blocks of two outputs by four columns stay in registers.
 */
function multiplyRun(
  out: Float64Array,
  to: number,
  step: number,
  x: Float64Array,
  from: number,
  offsets: Int32Array,
  weights: Float64Array,
  output: number,
  length: number,
): void {
  const count = offsets.length
  const first = output * count
  const second = step === 0 ? first : first + count
  let j = 0
  for (; j + 4 <= length; j += 4) {
    let [a0, a1, a2, a3, b0, b1, b2, b3] = [0, 0, 0, 0, 0, 0, 0, 0]
    for (let k = 0; k < count; k++) {
      const at = from + offsets[k] + j
      const a = weights[first + k]
      const b = weights[second + k]
      a0 += a * x[at]
      a1 += a * x[at + 1]
      a2 += a * x[at + 2]
      a3 += a * x[at + 3]
      b0 += b * x[at]
      b1 += b * x[at + 1]
      b2 += b * x[at + 2]
      b3 += b * x[at + 3]
    }
    addFour(out, to + j, a0, a1, a2, a3)
    if (step !== 0) addFour(out, to + step + j, b0, b1, b2, b3)
  }
  for (; j < length; j++) {
    let [a, b] = [0, 0]
    for (let k = 0; k < count; k++) {
      const value = x[from + offsets[k] + j]
      a += weights[first + k] * value
      b += weights[second + k] * value
    }
    out[to + j] += a
    if (step !== 0) out[to + step + j] += b
  }
}

function addFour(out: Float64Array, at: number, a: number, b: number, c: number, d: number): void {
  out[at] += a
  out[at + 1] += b
  out[at + 2] += c
  out[at + 3] += d
}

function applyDense(
  map: DenseMap,
  inputs: number,
  outputs: number,
  x: Float64Array,
  samples: number,
  out: Float64Array,
): void {
  if (samples === 1) {
    for (let output = 0; output < outputs; output++) out[output] += dot(map.weight, output * inputs, x, inputs)
    return
  }
  const offsets = Int32Array.from({ length: inputs }, (_, index) => index * samples)
  for (let output = 0; output < outputs; output += 2) {
    const step = output + 1 < outputs ? samples : 0
    multiplyRun(out, output * samples, step, x, 0, offsets, map.weight, output, samples)
  }
}

function dot(weights: Float64Array, start: number, x: Float64Array, length: number): number {
  let even = 0
  let odd = 0
  let index = 0
  for (; index + 2 <= length; index += 2) {
    even += weights[start + index] * x[index]
    odd += weights[start + index + 1] * x[index + 1]
  }
  if (index < length) even += weights[start + index] * x[index]
  return even + odd
}

function applySparse(map: SparseMap, x: Float64Array, samples: number, out: Float64Array): void {
  for (let row = 0; row + 1 < map.rowStarts.length; row++) {
    for (let entry = map.rowStarts[row]; entry < map.rowStarts[row + 1]; entry++) {
      const value = map.values[entry]
      const from = map.columns[entry] * samples
      const to = row * samples
      for (let j = 0; j < samples; j++) out[to + j] += value * x[from + j]
    }
  }
}
