import { intAttribute, intsAttribute } from '../../graph/attributes.ts'
import { checkEnlarged } from '../../graph/rearrange.ts'
import { countOf, normaliseAxis, stridesOf } from '../../graph/shapes.ts'
import { rearranging } from './rearranging.ts'
import { weighted } from './weighted.ts'

/** Col2Im(input, image_shape, block_shape): blocks are added where they lie. https://onnx.ai/onnx/operators/onnx__Col2Im.html */
export const col2Im = weighted((operation, shape) => {
  const { node } = operation
  const [image, block] = [operation.integers(1), operation.integers(2)]
  const axes = image.map((_, axis) => axis)
  const dilations = intsAttribute(node, 'dilations') ?? axes.map(() => 1)
  const strides = intsAttribute(node, 'strides') ?? axes.map(() => 1)
  const pads = intsAttribute(node, 'pads') ?? axes.flatMap(() => [0, 0])
  const places = axes.map(
    (axis) =>
      Math.floor(
        (image[axis] + pads[axis] + pads[axis + axes.length] - dilations[axis] * (block[axis] - 1) - 1) / strides[axis],
      ) + 1,
  )
  const [samples, stacked, count] = shape
  const channels = stacked / countOf(block)
  const numbers = [...image, ...block, ...dilations, ...strides, ...places]
  const fits =
    shape.length === 3 && block.length === image.length && strides.length === image.length && Number.isInteger(channels)
  if (!fits || numbers.some((each) => !(each >= 1)) || pads.some((pad) => pad < 0) || count !== countOf(places)) {
    throw operation.malformed(`blocks [${block}] of images [${image}] do not fit [${shape}]`)
  }
  const [ofImage, ofBlock, ofPlaces] = [stridesOf(image), stridesOf(block), stridesOf(places)]
  checkEnlarged(block)
  const offsets = Array.from({ length: countOf(block) }, (_, at) => at)
  return {
    shape: [samples, channels, ...image],
    most: offsets.length,
    taps(row, add) {
      const plane = Math.floor(row / countOf(image))
      for (const offset of offsets) {
        let at = 0
        const isBlock = axes.every((axis) => {
          const inBlock = Math.floor(offset / ofBlock[axis]) % block[axis]
          const pixel = Math.floor(row / ofImage[axis]) % image[axis]
          const start = pixel + pads[axis] - dilations[axis] * inBlock
          const place = start / strides[axis]
          at += place * ofPlaces[axis]
          return Number.isInteger(place) && place >= 0 && place < places[axis]
        })
        if (isBlock) add((plane * offsets.length + offset) * count + at, 1)
      }
    },
  }
})

/** ReverseSequence(input, sequence_lens) with constant lengths: https://onnx.ai/onnx/operators/onnx__ReverseSequence.html */
export const reverseSequence = rearranging((operation, shape, axisRule) => {
  const { node } = operation
  const axisOf = (name: string, fallback: number): number =>
    axisRule(normaliseAxis(intAttribute(node, name, fallback), shape.length))
  const [batch, time] = [axisOf('batch_axis', 1), axisOf('time_axis', 0)]
  const lengths = operation.integers(1)
  if (lengths.length !== shape[batch] || lengths.some((length) => !(length >= 0 && length <= shape[time]))) {
    throw operation.malformed(`lengths [${lengths}] do not fit [${shape}]`)
  }
  const strides = stridesOf(shape)
  const indices = Int32Array.from({ length: countOf(shape) }, (_, at) => {
    const length = lengths[Math.floor(at / strides[batch]) % shape[batch]]
    const step = Math.floor(at / strides[time]) % shape[time]
    return step < length ? at + (length - 1 - 2 * step) * strides[time] : at
  })
  return { shape, indices }
})
