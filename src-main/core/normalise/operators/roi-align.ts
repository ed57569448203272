import { floatAttribute, intAttribute, wordAttribute } from '../../graph/attributes.ts'
import { weighted } from './weighted.ts'

const { fround } = Math

type Add = (position: number, weight: number) => void

/**
 * RoiAlign(X, rois, batch_indices) with constant boxes, each of its own picture: https://onnx.ai/onnx/operators/onnx__RoiAlign.html. Each number is the
 * mean of pixels between which places of its part of the box lie. Places are computed in single precision, as ONNX Runtime computes them.
 */
export const roiAlign = weighted((operation, shape) => {
  const { node } = operation
  const [boxes, samples] = [operation.constant(1), operation.constant(2)]
  const [pictures, channels, height, width] = shape
  const [count, corners] = boxes.shape
  if (shape.length !== 4) throw operation.refuse('it aligns something else than pictures')
  if (
    boxes.shape.length !== 2 ||
    corners !== 4 ||
    samples.data.length !== count ||
    !boxes.data.every(Number.isFinite)
  ) {
    throw operation.malformed(`boxes of [${boxes.shape}] for [${samples.shape}] pictures do not fit`)
  }
  if (samples.data.some((sample) => !Number.isInteger(sample) || sample < 0 || sample >= pictures)) {
    throw operation.refuse('it takes boxes of another sample')
  }
  // ONNX Runtime takes the maximum of each pixel's share, and not of the values between them.
  if (wordAttribute(node, 'mode', ['avg', 'max'], 'avg') === 'max') {
    throw operation.refuse('it takes maxima, about which ONNX Runtime and the text of the operator differ')
  }
  const [rows, columns] = [intAttribute(node, 'output_height', 1), intAttribute(node, 'output_width', 1)]
  const ratio = intAttribute(node, 'sampling_ratio', 0)
  if (rows < 1 || columns < 1 || ratio < 0) throw operation.malformed('its sizes are not positive')
  const scale = floatAttribute(node, 'spatial_scale', 1)
  const words = ['half_pixel', 'output_half_pixel'] as const
  const usual = operation.opset < 16 ? 'output_half_pixel' : 'half_pixel'
  const isHalf = wordAttribute(node, 'coordinate_transformation_mode', words, usual) === 'half_pixel'
  const plane = rows * columns
  const longest = boxes.data.reduce(
    (most, end, at) => (at % 4 < 2 ? most : Math.max(most, end - boxes.data[at - 2])),
    0,
  )

  /** Pixels of one axis, and their shares, that a part of a box from `low` to `high` is the mean of. */
  const along = (low: number, high: number, part: number, parts: number, size: number, add: Add): void => {
    const edge = (given: number): number => fround(fround(given * fround(scale)) - (isHalf ? 0.5 : 0))
    const start = edge(low)
    const length = isHalf ? fround(edge(high) - start) : Math.max(fround(edge(high) - start), 1)
    const each = fround(length / parts)
    const points = ratio > 0 ? ratio : Math.ceil(each)
    for (let point = 0; point < points; point++) {
      const at = fround(fround(start + fround(part * each)) + fround(fround(fround(point + 0.5) * each) / points))
      if (at < -1 || at > size) continue
      const place = Math.min(Math.max(at, 0), size - 1)
      const below = Math.floor(place)
      add(below, (1 - (place - below)) / points)
      if (below + 1 < size) add(below + 1, (place - below) / points)
    }
  }
  return {
    shape: [count, channels, rows, columns],
    most: 4 * (ratio > 0 ? ratio : Math.max(1, Math.ceil((scale * longest) / Math.min(rows, columns)))) ** 2,
    taps(row, take) {
      const [box, inBox] = [Math.floor(row / (channels * plane)), row % plane]
      const picture = samples.data[box]
      const start = (picture * channels + (Math.floor(row / plane) % channels)) * height * width
      const [left, top, right, bottom] = boxes.data.subarray(4 * box, 4 * box + 4)
      along(top, bottom, Math.floor(inBox / columns), rows, height, (y, ofRow) =>
        along(left, right, inBox % columns, columns, width, (x, ofColumn) =>
          take(start + y * width + x, ofRow * ofColumn),
        ),
      )
    },
  }
})
