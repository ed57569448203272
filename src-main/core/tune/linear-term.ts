import type { LinearMap, Shape } from '../network/layer-model.ts'
import { sizeOf } from '../network/layer-model.ts'
import type { Kernels, LinearKernel } from './kernels.ts'

/** Where the kernels find a map's inputs: group g of rows reads x[bases[p] + offsets[k]] from g·groupStep on. */
export interface Geometry {
  readonly groups: number
  readonly rowsPerGroup: number
  readonly taps: number
  /** Taps of one channel. */
  readonly area: number
  readonly places: number
  /** In values, not bytes. */
  readonly bases: Int32Array
  readonly offsets: Int32Array
  readonly groupStep: number
  /** The zero-padded image that is read, where it is another than the input itself. */
  readonly padding?: Padding
}

export interface Padding {
  readonly channels: number
  readonly height: number
  readonly width: number
  readonly inHeight: number
  readonly inWidth: number
  readonly top: number
  readonly left: number
}

/**
 * The addresses that the kernels read a map's inputs from, for inputs and outputs of these shapes [C, H, W]: of a dense map one place, of
 * a convolution one for each output pixel, in an image that is padded first if the kernel reaches beyond it.
 */
export function geometryOf(map: Exclude<LinearMap, { kind: 'sparse' }>, inShape: Shape, outShape: Shape): Geometry {
  if (map.kind === 'dense') {
    const taps = sizeOf(inShape)
    const one = { groups: 1, groupStep: 0, places: 1, bases: new Int32Array(1) }
    return {
      ...one,
      rowsPerGroup: sizeOf(outShape),
      taps,
      area: inShape[1] * inShape[2],
      offsets: Int32Array.from({ length: taps }, (_, k) => k),
    }
  }
  const { kernel, strides, dilations, groups, pads } = map
  const [channels, inHeight, inWidth] = inShape
  const height = (outShape[1] - 1) * strides[0] + (kernel[0] - 1) * dilations[0] + 1
  const width = (outShape[2] - 1) * strides[1] + (kernel[1] - 1) * dilations[1] + 1
  const perGroup = channels / groups
  const area = kernel[0] * kernel[1]
  const same = pads[0] === 0 && pads[1] === 0 && height === inHeight && width === inWidth
  return {
    groups,
    rowsPerGroup: outShape[0] / groups,
    taps: perGroup * area,
    area,
    places: outShape[1] * outShape[2],
    bases: Int32Array.from({ length: outShape[1] * outShape[2] }, (_, p) => {
      return Math.floor(p / outShape[2]) * strides[0] * width + (p % outShape[2]) * strides[1]
    }),
    offsets: Int32Array.from({ length: perGroup * area }, (_, k) => {
      const tap = k % area
      const [row, column] = [Math.floor(tap / kernel[1]) * dilations[0], (tap % kernel[1]) * dilations[1]]
      return Math.floor(k / area) * height * width + row * width + column
    }),
    groupStep: perGroup * height * width,
    ...(!same && { padding: { channels, height, width, inHeight, inWidth, top: pads[0], left: pads[1] } }),
  }
}

/** Values of one padded image, all channels. */
export const paddedSize = ({ channels, height, width }: Padding): number => channels * height * width

/** Calls back for each row of an image that a padded one holds: where it begins in either, and its length, in values of all samples. */
export function eachImageRow(
  { channels, height, width, inHeight, inWidth, top, left }: Padding,
  samples: number,
  visit: (inside: number, outside: number, length: number) => void,
): void {
  const [skip, shift] = [Math.max(0, -left), Math.max(0, left)]
  const length = (Math.min(inWidth, width - left) - skip) * samples
  if (length <= 0) return
  for (let channel = 0; channel < channels; channel++) {
    for (let row = Math.max(0, -top); row < inHeight && row + top < height; row++) {
      const inside = ((channel * inHeight + row) * inWidth + skip) * samples
      visit(inside, ((channel * height + row + top) * width + shift) * samples, length)
    }
  }
}

/** Byte addresses of what one kernel call over all groups works on. */
export interface Places {
  readonly out: number
  readonly x: number
  readonly weights: number
  readonly bases: number
  readonly offsets: number
}

/** Calls a kernel for each group; `weights` are the lanes (four a weight) where the gradient is taken. */
export function eachGroup(
  kernels: Kernels,
  which: LinearKernel,
  geometry: Geometry,
  { out, x, weights, bases, offsets }: Places,
  samples: number,
): void {
  const { groups, rowsPerGroup, taps, places, groupStep } = geometry
  const weightBytes = which === 'gradient' ? 16 : 4
  for (let g = 0; g < groups; g++) {
    const w = weights + g * rowsPerGroup * taps * weightBytes
    const [o, i] = [out + g * rowsPerGroup * places * samples * 4, x + g * groupStep * samples * 4]
    const [target, source, other] = which === 'apply' ? [o, i, w] : which === 'gradient' ? [w, i, o] : [i, o, w]
    kernels[which](target, source, other, bases, offsets, rowsPerGroup, taps, places, samples)
  }
}
