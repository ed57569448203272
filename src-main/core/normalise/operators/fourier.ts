import { intAttribute } from '../../graph/attributes.ts'
import { normaliseAxis, stridesOf } from '../../graph/shapes.ts'
import { weighted } from './weighted.ts'

/**
 * DFT(input, dft_length?, axis?): https://onnx.ai/onnx/operators/onnx__DFT.html; the last axis holds real numbers, or real
 * and imaginary parts. The inverse of one side of a spectrum is refused.
 */
export const dft = weighted((operation, shape) => {
  const { node, opset } = operation
  const rank = shape.length
  const isInverse = intAttribute(node, 'inverse', 0) !== 0
  const isOneSided = intAttribute(node, 'onesided', 0) !== 0
  const parts = shape[rank - 1]
  if (rank < 2 || (parts !== 1 && parts !== 2))
    throw operation.malformed(`[${shape}] holds no numbers with their parts`)
  if (isOneSided && (isInverse || parts === 2)) throw operation.refuse('it takes one side of what has two')
  const given = opset < 20 ? intAttribute(node, 'axis', 1) : (operation.optionalNumber(2) ?? -2)
  const axis = normaliseAxis(given, rank)
  const length = operation.optionalNumber(1) ?? shape[axis]
  if (axis === rank - 1 || !(length >= 1))
    throw operation.malformed(`its axis ${given} or length ${length} does not fit`)
  const result = shape.with(axis, isOneSided ? Math.floor(length / 2) + 1 : length).with(-1, 2)
  const [strides, own] = [stridesOf(shape), stridesOf(result)]
  const sign = isInverse ? 1 : -1
  const scale = isInverse ? 1 / length : 1
  const taken = Math.min(length, shape[axis])
  return {
    shape: result,
    most: 2 * taken,
    taps(row, add) {
      let start = 0
      for (let each = 0; each < rank - 1; each++) {
        if (each !== axis) start += (Math.floor(row / own[each]) % result[each]) * strides[each]
      }
      const frequency = Math.floor(row / own[axis]) % result[axis]
      const isImaginary = row % 2 === 1
      for (let time = 0; time < taken; time++) {
        const angle = (2 * Math.PI * ((frequency * time) % length)) / length
        const [cosine, sine] = [scale * Math.cos(angle), scale * sign * Math.sin(angle)]
        const at = start + time * strides[axis]
        add(at, isImaginary ? sine : cosine)
        if (parts === 2) add(at + 1, isImaginary ? cosine : -sine)
      }
    },
  }
})

/**
 * STFT(signal, frame_step, window?, frame_length?): https://onnx.ai/onnx/operators/onnx__STFT.html; frames of the signal that begin
 * a step apart, each times the window and then transformed.
 */
export const stft = weighted((operation, shape) => {
  const isOneSided = intAttribute(operation.node, 'onesided', 1) !== 0
  const step = operation.number(1)
  const window = operation.optionalConstant(2)?.data
  const length = operation.optionalNumber(3) ?? window?.length ?? 0
  const [samples, signal, parts = 1] = shape
  if (shape.length < 2 || shape.length > 3 || (parts !== 1 && parts !== 2))
    throw operation.malformed(`[${shape}] holds no signals`)
  if (isOneSided && parts === 2) throw operation.refuse('it takes one side of what has two')
  if (!(step >= 1 && length >= 1 && length <= signal) || (window && window.length !== length)) {
    throw operation.malformed(`frames of ${length} every ${step} do not fit a signal of ${signal}`)
  }
  const frames = Math.floor((signal - length) / step) + 1
  const bins = isOneSided ? Math.floor(length / 2) + 1 : length
  return {
    shape: [samples, frames, bins, 2],
    most: 2 * length,
    taps(row, add) {
      const [bin, frame] = [Math.floor(row / 2) % bins, Math.floor(row / (2 * bins)) % frames]
      const start = Math.floor(row / (2 * bins * frames)) * signal + frame * step
      const isImaginary = row % 2 === 1
      for (let time = 0; time < length; time++) {
        const angle = (2 * Math.PI * ((bin * time) % length)) / length
        const scale = window?.[time] ?? 1
        const [cosine, sine] = [scale * Math.cos(angle), -scale * Math.sin(angle)]
        const at = (start + time) * parts
        add(at, isImaginary ? sine : cosine)
        if (parts === 2) add(at + 1, isImaginary ? cosine : -sine)
      }
    },
  }
})
