import {
  floatAttribute,
  floatsAttribute,
  intAttribute,
  intsAttribute,
  stringAttribute,
} from '../../graph/attributes.ts'
import { checkEnlarged } from '../../graph/rearrange.ts'
import { countOf, normaliseAxis, stridesOf } from '../../graph/shapes.ts'
import { imageShape } from '../network-builder.ts'
import type { FoldOperation, Operator } from '../operation.ts'
import { rearrangeView } from '../values.ts'
import { sparseMap, sumUp, type TapsOfRow } from './weighted.ts'

const { fround } = Math

/** What one place of an axis of the result takes of the same axis of the input. */
type Taps = readonly { readonly from: number; readonly weight: number }[]

/** Rows of a map over row-major elements, one for each element of the result, by what each axis takes by itself. */
interface Rows {
  readonly shape: readonly number[]
  readonly axes: readonly (readonly Taps[])[]
  /** Of the input. */
  readonly strides: readonly number[]
}

/** Resize(X, roi, scales, sizes): https://onnx.ai/onnx/operators/onnx__Resize.html; linear, each axis by itself. */
export const resize = resizing((operation, shape) => {
  const { node, opset } = operation
  const scales = operation.optionalIntegers(opset < 11 ? 1 : 2)
  const sizes = opset < 11 ? undefined : operation.optionalIntegers(3)
  const axes = intsAttribute(node, 'axes')?.map((axis) => normaliseAxis(axis, shape.length))
  const given = scales && scales.length > 0 ? scales : sizes?.map((size, index) => size / shape[axes?.[index] ?? index])
  if (!given) throw operation.malformed('its scales are missing')
  if (given.length !== (axes ?? shape).length) throw operation.malformed(`scales [${given}] do not fit [${shape}]`)
  const policy = stringAttribute(node, 'keep_aspect_ratio_policy', 'stretch')
  const isKept = policy !== 'stretch' && !(scales && scales.length > 0)
  const common = policy === 'not_larger' ? Math.min(...given) : Math.max(...given)
  const kept = isKept ? given.map(() => common) : given
  const all = axes ? shape.map((_, axis) => (axes.includes(axis) ? kept[axes.indexOf(axis)] : 1)) : kept
  // Sizes that keep the aspect ratio are rounded, others are as given.
  const lengths = isKept ? shape.map((size, axis) => Math.floor(size * all[axis] + 0.5)) : undefined
  const crop = opset < 11 || coordinatesOf(operation) !== CROP ? undefined : cropOf(operation, shape.length, axes)
  if (crop && scales && scales.length > 0) {
    const cut = shape.map((size, axis) => Math.floor(size * (crop[axis].end - crop[axis].start) * all[axis]))
    return { scales: all, lengths: cut, crop }
  }
  return { scales: all, ...(lengths && { lengths }), ...(crop && { crop }) }
})

const CROP = 'tf_crop_and_resize'

const coordinatesOf = ({ node }: FoldOperation): string =>
  stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel')

/** The box that is cut out, between 0 and 1 along each axis; what lies outside the picture is 0. */
function cropOf(operation: FoldOperation, rank: number, axes: readonly number[] | undefined): readonly Span[] {
  const roi = operation.optionalIntegers(1) ?? []
  const cut = axes ?? Array.from({ length: rank }, (_, axis) => axis)
  if (roi.length !== 2 * cut.length || !roi.every(Number.isFinite)) throw operation.malformed('its box does not fit')
  if (floatAttribute(operation.node, 'extrapolation_value', 0) !== 0) {
    throw operation.refuse('it fills what lies outside the picture with another value than 0')
  }
  return Array.from({ length: rank }, (_, axis) => {
    const at = cut.indexOf(axis)
    return at < 0 ? { start: 0, end: 1 } : { start: roi[at], end: roi[at + cut.length] }
  })
}

/** Upsample(X, scales), the older Resize: https://onnx.ai/onnx/operators/onnx__Upsample.html */
export const upsample = resizing((operation) => ({
  scales: (operation.opset < 9 ? floatsAttribute(operation.node, 'scales') : operation.integers(1)) ?? [],
}))

/** By how much each axis grows, and where that does not say it to how much. */
interface Asked {
  readonly scales: readonly number[]
  readonly lengths?: readonly number[]
  /** What is cut out of each axis. */
  readonly crop?: readonly Span[]
}

interface Span {
  readonly start: number
  readonly end: number
}

function resizing(askedOf: (operation: FoldOperation, shape: readonly number[]) => Asked): Operator {
  const rowsOf = (operation: FoldOperation, shape: readonly number[], axisRule: (axis: number) => number): Rows => {
    const asked = askedOf(operation, shape)
    const { scales } = asked
    if (scales.length !== shape.length) throw operation.malformed(`scales [${scales}] do not fit [${shape}]`)
    // Scales that a file rounds must not lose a place.
    const lengths = asked.lengths ?? shape.map((size, axis) => Math.floor(size * scales[axis] + 1e-4))
    checkEnlarged(lengths)
    if (lengths.some((length) => length < 1)) throw operation.malformed(`it resizes [${shape}] by [${scales}]`)
    const axes = shape.map((size, axis) => {
      const span = asked.crop?.[axis]
      const isWhole = !span || (span.start === 0 && span.end === 1 && lengths[axis] === size)
      if (scales[axis] === 1 && isWhole) return Array.from({ length: size }, (_, from): Taps => [{ from, weight: 1 }])
      axisRule(axis)
      return tapsOf(operation, size, lengths[axis], scales[axis], span)
    })
    return { shape: lengths, axes, strides: stridesOf(shape) }
  }
  return {
    fold(operation) {
      const tensor = operation.constant(0)
      const rows = rowsOf(operation, tensor.shape, (axis) => axis)
      const { shape } = rows
      return { ...tensor, shape, data: sumUp(countOf(shape), tapsIn(rows), tensor.data) }
    },
    lower(operation) {
      const view = operation.view(0)
      const rows = rowsOf(operation, view.shape, (axis) => operation.axis(axis, view.shape.length))
      const { shape } = rows
      const indices = gathered(rows)
      if (indices) return rearrangeView(view, { shape, indices })
      operation.network.budget.spend(tapCount(rows))
      const layerShape = imageShape(shape)
      const terms = [{ input: view.source, map: sparseMap(countOf(shape), tapsIn(rows), view.order) }]
      const source = operation.network.addLinear(terms, new Float64Array(layerShape[0]), layerShape)
      return { kind: 'view', source, shape }
    },
  }
}

/** The taps of one element of the result: one of each axis, multiplied. They are not kept, since a picture has millions. */
function tapsAt({ shape, axes, strides }: Rows, row: number): Taps {
  let taps: Taps = [{ from: 0, weight: 1 }]
  let rest = row
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const behind = taps
    taps = axes[axis][rest % shape[axis]].flatMap(({ from, weight }) =>
      behind.map((tap) => ({ from: tap.from + from * strides[axis], weight: tap.weight * weight })),
    )
    rest = Math.floor(rest / shape[axis])
  }
  return taps
}

const tapsIn =
  (rows: Rows): TapsOfRow =>
  (row, add) =>
    tapsAt(rows, row).forEach(({ from, weight }) => add(from, weight))

const tapCount = ({ axes }: Rows): number =>
  axes.reduce((count, places) => count * places.reduce((sum, taps) => sum + taps.length, 0), 1)

/** Where each element comes from, if each is one of the input's. */
function gathered({ axes, strides }: Rows): Int32Array | undefined {
  if (!axes.every((places) => places.every((taps) => taps.length === 1 && taps[0].weight === 1))) return undefined
  return axes.reduce((indices, places, axis) => {
    const next = new Int32Array(indices.length * places.length)
    indices.forEach((index, row) =>
      places.forEach(([{ from }], place) => (next[row * places.length + place] = index + from * strides[axis])),
    )
    return next
  }, Int32Array.of(0))
}

/** The taps of each place, by ONNX's modes and coordinates; older operator sets know “asymmetric” only. */
function tapsOf(operation: FoldOperation, size: number, length: number, scale: number, span?: Span): Taps[] {
  const { node, opset } = operation
  const isOld = opset < 11
  const mode = stringAttribute(node, 'mode', 'nearest')
  const coordinates = isOld ? 'asymmetric' : coordinatesOf(operation)
  const rounding = isOld ? (scale < 1 ? 'ceil' : 'floor') : stringAttribute(node, 'nearest_mode', 'round_prefer_floor')
  const inside = (position: number): number => Math.min(size - 1, Math.max(0, position))
  const excludes = intAttribute(node, 'exclude_outside', 0) !== 0
  const bend = floatAttribute(node, 'cubic_coeff_a', -0.75)
  const isFiltered = intAttribute(node, 'antialias', 0) !== 0
  if (isFiltered && mode !== 'linear' && mode !== 'cubic') throw operation.refuse(`its mode is “${mode}”`)
  return Array.from({ length }, (_, place): Taps => {
    const x = span
      ? croppedOrigin(span, place, size, length)
      : originOf(operation, coordinates, place, size, length, scale)
    if (span && (x < 0 || x > size - 1)) return []
    if (isFiltered) {
      // As in Pillow the filter widens as the image shrinks.
      const widening = Math.min(1, scale)
      const reach = (mode === 'linear' ? 1 : 2) / widening
      const [first, end] = [Math.floor(x - reach + 1), Math.floor(x + reach + 1)]
      const taps = Array.from({ length: end - first }, (_, step) => {
        const from = first + step
        const distance = Math.abs(from - x) * widening
        const weight = mode === 'linear' ? Math.max(0, 1 - distance) : cubic(distance, bend)
        return { from, weight: excludes && from !== inside(from) ? 0 : weight }
      })
      return normalised(taps, inside)
    }
    if (mode === 'nearest') return [{ from: inside(rounded(x, rounding)), weight: 1 }]
    if (mode === 'linear' || mode === 'bilinear') {
      const at = inside(x)
      const below = Math.floor(at)
      const rest = at - below
      return [
        { from: below, weight: 1 - rest },
        { from: inside(below + 1), weight: rest },
      ].filter(({ weight }) => weight !== 0)
    }
    if (mode !== 'cubic') throw operation.refuse(`its mode is “${mode}”`)
    const below = Math.floor(x)
    const taps = [-1, 0, 1, 2].map((step) => {
      const from = below + step
      const weight = cubic(Math.abs(x - from), bend)
      return { from, weight: excludes && from !== inside(from) ? 0 : weight }
    })
    return normalised(taps, inside)
  })
}

/** Weights of sum 1, those of places outside at the edge. */
function normalised(taps: Taps, inside: (position: number) => number): Taps {
  const total = taps.reduce((sum, { weight }) => sum + weight, 0)
  return taps
    .filter(({ weight }) => weight !== 0)
    .map(({ from, weight }) => ({ from: inside(from), weight: weight / total }))
}

/** As TensorFlow's crop_and_resize: the ends of the box are the middles of the outer pixels. */
function croppedOrigin({ start, end }: Span, place: number, size: number, length: number): number {
  if (length === 1) return fround(0.5 * fround(start + end) * (size - 1))
  return fround(fround(start * (size - 1)) + fround(fround(place * fround(end - start) * (size - 1)) / (length - 1)))
}

/** In single precision, as ONNX Runtime computes it: which of two neighbours is the nearest depends on its rounding errors. */
function originOf(
  operation: FoldOperation,
  coordinates: string,
  place: number,
  size: number,
  length: number,
  scale: number,
): number {
  const ratio = fround(scale)
  const halfPixel = (): number => fround(fround((place + 0.5) / ratio) - 0.5)
  switch (coordinates) {
    case 'half_pixel':
      return halfPixel()
    case 'pytorch_half_pixel':
      return length > 1 ? halfPixel() : 0
    case 'align_corners':
      return length > 1 ? fround((place * (size - 1)) / (length - 1)) : 0
    case 'asymmetric':
      return fround(place / ratio)
    case 'tf_half_pixel_for_nn':
      return fround((place + 0.5) / ratio)
    case 'half_pixel_symmetric': {
      const adjustment = fround(length / fround(size * ratio))
      return fround(fround((size / 2) * fround(1 - adjustment)) + halfPixel())
    }
  }
  throw operation.refuse(`it maps coordinates by “${coordinates}”`)
}

function rounded(x: number, rounding: string): number {
  if (rounding === 'floor') return Math.floor(x)
  if (rounding === 'ceil') return Math.ceil(x)
  return rounding === 'round_prefer_ceil' ? Math.floor(x + 0.5) : Math.ceil(x - 0.5)
}

/** The convolution kernel of bicubic interpolation (Keys 1981). */
function cubic(distance: number, a: number): number {
  if (distance <= 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1
  return distance < 2 ? (((distance - 5) * distance + 8) * distance - 4) * a : 0
}
