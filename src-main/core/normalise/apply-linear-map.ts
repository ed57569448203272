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

/** Rows of a channel that a kernel tap reads: for a whole output row at once, so that the inner loop is contiguous. */
function applyConv(
  map: ConvMap,
  [inputChannels, height, width]: Shape,
  [outputChannels, outputHeight, outputWidth]: Shape,
  x: Float64Array,
  samples: number,
  out: Float64Array,
): void {
  const [kernelHeight, kernelWidth] = map.kernel
  const inputsPerGroup = inputChannels / map.groups
  const outputsPerGroup = outputChannels / map.groups
  const taps = kernelHeight * kernelWidth
  const ranges = Array.from({ length: kernelWidth }, (_, tap) => columnRange(map, tap, width, outputWidth))
  const plane = height * width * samples
  const stride = map.strides[1]
  for (let output = 0; output < outputChannels; output++) {
    const firstInput = Math.floor(output / outputsPerGroup) * inputsPerGroup
    for (let row = 0; row < outputHeight; row++) {
      const outStart = (output * outputHeight + row) * outputWidth * samples
      for (let tap = 0; tap < taps; tap++) {
        const tapRow = Math.floor(tap / kernelWidth)
        const inputRow = row * map.strides[0] + tapRow * map.dilations[0] - map.pads[0]
        const [first, end, shift] = ranges[tap % kernelWidth]
        if (inputRow < 0 || inputRow >= height || first >= end) continue
        const weights = output * inputsPerGroup * taps + tap
        const from = firstInput * plane + (inputRow * width + first * stride + shift) * samples
        const to = outStart + first * samples
        if (stride === 1) {
          accumulate(out, to, x, from, plane, map.weight, weights, taps, inputsPerGroup, (end - first) * samples)
        } else {
          for (let column = 0; column < end - first; column++) {
            const [target, source] = [to + column * samples, from + column * stride * samples]
            accumulate(out, target, x, source, plane, map.weight, weights, taps, inputsPerGroup, samples)
          }
        }
      }
    }
  }
}

/** Output columns [first, end) for which tap `tap` reads inside the image, at input column × stride + shift. */
function columnRange(map: ConvMap, tap: number, width: number, outputWidth: number): [number, number, number] {
  const shift = tap * map.dilations[1] - map.pads[1]
  const first = Math.max(0, Math.ceil(-shift / map.strides[1]))
  const end = Math.min(outputWidth, Math.floor((width - 1 - shift) / map.strides[1]) + 1)
  return [first, end, shift]
}

/**
 * out[to + j] += Σ_i weights[w + i·wStep] · x[from + i·xStep + j] for i < count, j < length: four sources per pass,
 * which quarters the loads and stores of `out`.
 */
function accumulate(
  out: Float64Array,
  to: number,
  x: Float64Array,
  from: number,
  xStep: number,
  weights: Float64Array,
  w: number,
  wStep: number,
  count: number,
  length: number,
): void {
  let i = 0
  for (; i + 4 <= count; i += 4) {
    const w0 = weights[w + i * wStep]
    const w1 = weights[w + (i + 1) * wStep]
    const w2 = weights[w + (i + 2) * wStep]
    const w3 = weights[w + (i + 3) * wStep]
    const x0 = from + i * xStep
    const x1 = x0 + xStep
    const x2 = x1 + xStep
    const x3 = x2 + xStep
    for (let j = 0; j < length; j++) {
      out[to + j] += w0 * x[x0 + j] + w1 * x[x1 + j] + w2 * x[x2 + j] + w3 * x[x3 + j]
    }
  }
  for (; i < count; i++) {
    const weight = weights[w + i * wStep]
    if (weight === 0) continue
    const x0 = from + i * xStep
    for (let j = 0; j < length; j++) out[to + j] += weight * x[x0 + j]
  }
}

function applyDense(
  map: DenseMap,
  inputs: number,
  outputs: number,
  x: Float64Array,
  samples: number,
  out: Float64Array,
): void {
  for (let output = 0; output < outputs; output++) {
    if (samples === 1) out[output] += dot(map.weight, output * inputs, x, inputs)
    else accumulate(out, output * samples, x, 0, samples, map.weight, output * inputs, 1, inputs, samples)
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
