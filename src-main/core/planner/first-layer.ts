import { sizeOf, type ConvMap, type LinearMap, type Shape } from '../network/layer-model.ts'
import { numberOfWeight, type Diagonal, type DiagonalSet } from './diagonals.ts'
import { modulo, positionsOf, type Layout, type SlotGroup } from './layout.ts'
import { walkMap } from './weights.ts'

/** A linear map between tensors of these shapes. */
export interface FirstLayer {
  readonly map: LinearMap
  readonly from: Shape
  readonly to: Shape
}

/**
 * The first linear map costs no rotation: the edge packs, for every output slot, the inputs that it needs,
 * one per input ciphertext (im2col). Lanes let one ciphertext carry several of an output's inputs.
 */
export interface FirstLayerPacking extends DiagonalSet {
  /** sources[i][s]: the flattened input element in slot s of input ciphertext i, or −1. */
  readonly sources: readonly Int32Array[]
  /** A convolution's, with numbers in place of its weights, and NaN where the input ciphertext is zero. */
  readonly numbered?: DiagonalSet
}

interface Column {
  readonly sources: Int32Array
  readonly weights: Float64Array
  readonly numbers: Float64Array
}

/**
 * Packs the inputs of the first layer by what each output slot needs, so that its products need no rotation. `to` says where the
 * outputs go, `lanes` over which slots the inputs of one output are spread, to be summed behind the products. Input elements are
 * flattened [C, H, W]. Inputs that several output ciphertexts need alike are one ciphertext.
 */
export function packFirstLayer(layer: FirstLayer, to: Layout, lanes: SlotGroup): FirstLayerPacking {
  const { slots } = to
  const { map } = layer
  const positions = positionsOf(to)
  const taken = new Int32Array(positions.length)
  const columns: Column[][] = Array.from({ length: to.ciphertexts }, () => [])
  const place = (output: number, input: number, k: number, weight: number, number: number): void => {
    const ofCiphertext = columns[Math.floor(positions[output] / slots)]
    const column = (ofCiphertext[Math.floor(k / lanes.count)] ??= {
      sources: new Int32Array(slots).fill(-1),
      weights: new Float64Array(slots),
      numbers: new Float64Array(slots).fill(NaN),
    })
    const slot = modulo(positions[output] + (k % lanes.count) * lanes.stride, slots)
    column.sources[slot] = input
    column.weights[slot] = weight
    column.numbers[slot] = number
  }
  const taps = repeatingTaps(layer)
  if (map.kind === 'conv' && taps !== undefined) {
    walkMap(
      { ...map, weight: map.weight.map((_, index) => index) },
      layer.from,
      layer.to,
    )((output, input, index) => place(output, input, index % taps, map.weight[index], numberOfWeight(index)))
  } else {
    walkMap(map, layer.from, layer.to)((output, input, weight) => place(output, input, taken[output]++, weight, NaN))
  }
  const inputs = new Map<string, { index: number; sources: Int32Array }>()
  const diagonals: (Diagonal & Pick<Column, 'weights' | 'numbers'>)[] = []
  columns.forEach((ofCiphertext, output) => {
    // An output ciphertext may have nothing of a tap: forEach leaves holes out.
    ofCiphertext.forEach(({ sources, weights, numbers }) => {
      const key = sources.join()
      const input = inputs.get(key) ?? { index: inputs.size, sources }
      inputs.set(key, input)
      diagonals.push({ input: input.index, output, rotation: 0, parts: [0], weights, numbers })
    })
  })
  // What reads padding alone still needs something to compute on.
  const packed = inputs.size > 0 ? [...inputs.values()].map((input) => input.sources) : [new Int32Array(slots).fill(-1)]
  const fill: DiagonalSet['fill'] = (index, _shift, vector) => vector.set(diagonals[index].weights)
  return {
    diagonals,
    sources: packed,
    fill,
    ...(taps !== undefined && {
      numbered: { diagonals, fill: (index, _shift, vector) => vector.set(diagonals[index].numbers) },
    }),
  }
}

/** How many input ciphertexts and products the packing will need, without making it. */
export function countFirstLayer(layer: FirstLayer, to: Layout, lanes: SlotGroup): { inputs: number; products: number } {
  const columns = Math.ceil(mostInputs(layer) / lanes.count)
  return { inputs: columns, products: columns * to.ciphertexts }
}

/** Whether its weight vectors hold one tap of a convolution in each lane, and so repeat over all positions. */
export const repeatsTaps = (layer: FirstLayer): boolean => repeatingTaps(layer) !== undefined

/**
 * Taps of a convolution where some output has them all: an input ciphertext for each then costs nothing, and borders take zeros.
 * Else each output's inputs follow each other.
 */
function repeatingTaps(layer: FirstLayer): number | undefined {
  if (layer.map.kind !== 'conv') return undefined
  const taps = tapsOf(layer.map, layer.from)
  return taps === mostInputs(layer) ? taps : undefined
}

const tapsOf = ({ groups, kernel }: ConvMap, [channels]: Shape): number => (channels / groups) * kernel[0] * kernel[1]

/** Of one output; weights that are 0 count. */
function mostInputs({ map, from, to }: FirstLayer): number {
  if (map.kind === 'dense') return sizeOf(from)
  if (map.kind === 'sparse')
    return map.rowStarts.subarray(1).reduce((most, end, row) => Math.max(most, end - map.rowStarts[row]), 0)
  const [rows, columns] = [0, 1].map((axis) => mostTaps(map, axis, from[axis + 1], to[axis + 1]))
  return (from[0] / map.groups) * rows * columns
}

/** Of those that some output has along an axis, how many lie inside the input. */
function mostTaps(map: ConvMap, axis: number, length: number, outputs: number): number {
  let most = 0
  for (let output = 0; output < outputs; output++) {
    const first = output * map.strides[axis] - map.pads[axis]
    let inside = 0
    for (let tap = 0; tap < map.kernel[axis]; tap++) {
      const at = first + tap * map.dilations[axis]
      if (at >= 0 && at < length) inside += 1
    }
    most = Math.max(most, inside)
  }
  return most
}
