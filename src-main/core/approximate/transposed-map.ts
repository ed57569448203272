import type { ConvMap, LinearMap, Shape } from '../normalise/layer-model.ts'
import { sizeOf } from '../normalise/layer-model.ts'

/**
 * Adds mapᵀ(gradient) to `out`: what a change of the map's input does to a function with the given gradient at its
 * output. Interleaved like `applyLinearMap`: gradient[element × samples + sample].
 */
export function applyTransposedMap(
  map: LinearMap,
  inputShape: Shape,
  outputShape: Shape,
  gradient: Float64Array,
  samples: number,
  out: Float64Array,
): void {
  if (map.kind === 'conv') transposedConv(map, inputShape, outputShape, gradient, samples, out)
  else if (map.kind === 'dense') {
    const [inputs, outputs] = [sizeOf(inputShape), sizeOf(outputShape)]
    for (let input = 0; input < inputs; input++) {
      accumulate(out, input * samples, gradient, 0, samples, map.weight, input, inputs, outputs, samples)
    }
  } else {
    for (let row = 0; row + 1 < map.rowStarts.length; row++) {
      for (let k = map.rowStarts[row]; k < map.rowStarts[row + 1]; k++) {
        accumulate(out, map.columns[k] * samples, gradient, row * samples, 0, map.values, k, 0, 1, samples)
      }
    }
  }
}

function transposedConv(
  map: ConvMap,
  [inputChannels, height, width]: Shape,
  [outputChannels, outputHeight, outputWidth]: Shape,
  gradient: Float64Array,
  samples: number,
  out: Float64Array,
): void {
  const [kernelHeight, kernelWidth] = map.kernel
  const inputsPerGroup = inputChannels / map.groups
  const outputsPerGroup = outputChannels / map.groups
  const taps = kernelHeight * kernelWidth
  const ranges = Array.from({ length: kernelWidth }, (_, tap) => columnRange(map, tap, width, outputWidth))
  const plane = outputHeight * outputWidth * samples
  const stride = map.strides[1]
  for (let input = 0; input < inputChannels; input++) {
    const firstOutput = Math.floor(input / inputsPerGroup) * outputsPerGroup
    for (let row = 0; row < outputHeight; row++) {
      for (let tap = 0; tap < taps; tap++) {
        const inputRow = row * map.strides[0] + Math.floor(tap / kernelWidth) * map.dilations[0] - map.pads[0]
        const [first, end, shift] = ranges[tap % kernelWidth]
        if (inputRow < 0 || inputRow >= height || first >= end) continue
        const weight = (firstOutput * inputsPerGroup + (input % inputsPerGroup)) * taps + tap
        const step = inputsPerGroup * taps
        const from = ((firstOutput * outputHeight + row) * outputWidth + first) * samples
        const to = ((input * height + inputRow) * width + first * stride + shift) * samples
        const runs = stride === 1 ? 1 : end - first
        const length = stride === 1 ? (end - first) * samples : samples
        for (let k = 0; k < runs; k++) {
          const [target, source] = [to + k * stride * samples, from + k * samples]
          accumulate(out, target, gradient, source, plane, map.weight, weight, step, outputsPerGroup, length)
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
