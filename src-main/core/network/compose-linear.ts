import { invariant } from '../errors.ts'
import { applyLinearMap } from './apply-linear-map.ts'
import type { ConvMap, DenseMap, LinearLayer, LinearMap, LinearTerm, Shape, SparseMap } from './layer-model.ts'
import { sizeOf } from './layer-model.ts'
import { compressBias, eachEntry, expandBias, toSparse } from './linear-maps.ts'

/** The three spaces that two consecutive maps run between. */
export interface Stages {
  readonly input: Shape
  readonly middle: Shape
  readonly output: Shape
}

/** second ∘ first as one map: a convolution where that exists, dense where either is, sparse otherwise. */
export function composeMaps(first: LinearMap, second: LinearMap, stages: Stages): LinearMap {
  if (first.kind === 'conv' && second.kind === 'conv' && staysConvolution(first, second, stages.input, stages.middle)) {
    if (isChannelScale(second, stages.middle)) return scaleOutputs(first, second.weight)
    if (isChannelScale(first, stages.input)) return scaleInputs(first.weight, second)
    return composeConvolutions(first, second, stages)
  }
  if (second.kind === 'dense') return denseAfter(first, second, stages)
  if (first.kind === 'dense') return afterDense(first, second, stages)
  return composeSparse(
    toSparse(first, stages.input, stages.middle),
    toSparse(second, stages.middle, stages.output),
    sizeOf(stages.input),
  )
}

/**
 * Replaces the terms of `second` that read `first` by compositions.
 * Before: y = Σ T(first) + …, first = Σ M(x) + b. After: y = Σ (T∘M)(x) + … + T(b). Formula: linearity.
 * `shapeOf` gives the shape of any layer or of the input.
 */
export function composeLinear(first: LinearLayer, second: LinearLayer, shapeOf: (id: string) => Shape): LinearLayer {
  const terms: LinearTerm[] = []
  const bias = Float64Array.from(expandBias(second.bias, second.shape))
  const firstBias = expandBias(first.bias, first.shape)
  const hasBias = firstBias.some((value) => value !== 0)
  for (const term of second.terms) {
    if (term.input !== first.id) terms.push(term)
    else {
      if (hasBias) applyLinearMap(term.map, first.shape, second.shape, firstBias, 1, bias)
      for (const { input, map } of first.terms) {
        const stages = { input: shapeOf(input), middle: first.shape, output: second.shape }
        terms.push({ input, map: composeMaps(map, term.map, stages) })
      }
    }
  }
  return {
    ...second,
    sources: [...new Set([...first.sources, ...second.sources])],
    terms: addTerms(terms, second.shape, shapeOf),
    bias: compressBias(bias, second.shape),
  }
}

/** Adds up terms that read the same layer, so that no input is read twice. */
export function addTerms(terms: readonly LinearTerm[], output: Shape, shapeOf: (id: string) => Shape): LinearTerm[] {
  const byInput = new Map<string, LinearMap>()
  for (const { input, map } of terms) {
    const other = byInput.get(input)
    byInput.set(input, other ? addMaps(other, map, shapeOf(input), output) : map)
  }
  return [...byInput].map(([input, map]) => ({ input, map }))
}

function addMaps(left: LinearMap, right: LinearMap, input: Shape, output: Shape): LinearMap {
  if (left.kind === 'conv' && right.kind === 'conv' && sameGeometry(left, right)) {
    return { ...left, weight: left.weight.map((value, index) => value + right.weight[index]) }
  }
  if (left.kind === 'dense' || right.kind === 'dense') {
    const [dense, other] = left.kind === 'dense' ? [left, right] : [right as DenseMap, left]
    const weight = Float64Array.from(dense.weight)
    forEachRow(other, input, output, (row, column, value) => (weight[row * sizeOf(input) + column] += value))
    return { kind: 'dense', weight }
  }
  const maps = [toSparse(left, input, output), toSparse(right, input, output)]
  return sparseRows(sizeOf(output), sizeOf(input), (row, add) => {
    for (const map of maps) eachEntry(map, input, output, row, add)
  })
}

const sameGeometry = (left: ConvMap, right: ConvMap): boolean =>
  left.groups === right.groups &&
  (['kernel', 'strides', 'dilations', 'pads'] as const).every((name) => String(left[name]) === String(right[name]))

/**
 * Whether the product of two convolutions is one. Zero padding between them must be padding of the input too: true
 * where there is none, and after a 1×1 without stride that keeps the whole image.
 */
export function staysConvolution(first: ConvMap, second: ConvMap, input: Shape, middle: Shape): boolean {
  if (second.pads.every((pad) => pad === 0)) return true
  const isPointwise = String([...first.kernel, ...first.strides]) === '1,1,1,1'
  return isPointwise && [0, 1].every((axis) => middle[axis + 1] - first.pads[axis] >= input[axis + 1])
}

/** Whether each channel is multiplied by its factor and nothing else. */
export const isChannelScale = ({ weight, kernel, strides, pads, groups }: ConvMap, input: Shape): boolean =>
  groups === input[0] && weight.length === groups && String([...kernel, ...strides, ...pads]) === '1,1,1,1,0,0,0,0'

/** Formula: W[o] · s[o]. */
function scaleOutputs(map: ConvMap, factors: Float64Array): ConvMap {
  const perOutput = map.weight.length / factors.length
  const weight = Float64Array.from(map.weight)
  for (let at = 0; at < weight.length; at++) weight[at] *= factors[Math.floor(at / perOutput)]
  return { ...map, weight }
}

/** Formula: W[o][i] · s[i]. */
function scaleInputs(factors: Float64Array, map: ConvMap): ConvMap {
  const taps = map.kernel[0] * map.kernel[1]
  const perGroup = factors.length / map.groups
  const outputsPerGroup = map.weight.length / (taps * perGroup * map.groups)
  const weight = Float64Array.from(map.weight)
  for (let row = 0, at = 0; at < weight.length; row++) {
    const group = Math.floor(Math.floor(row / perGroup) / outputsPerGroup)
    const factor = factors[group * perGroup + (row % perGroup)]
    for (let tap = 0; tap < taps; tap++, at++) weight[at] *= factor
  }
  return { ...map, weight }
}

/** Formula: W[o][i][k] = Σ W₂[o][m][k₂]·W₁[m][i][k₁] over k = k₂·d₂·s₁ + k₁·d₁ (in steps of the dilation). */
function composeConvolutions(first: ConvMap, second: ConvMap, { input, middle, output }: Stages): ConvMap {
  const axes = [0, 1].map((axis) => composeAxis(first, second, axis))
  const groups = greatestCommonDivisor(first.groups, second.groups)
  const [kernelHeight, kernelWidth] = axes.map(({ kernel }) => kernel)
  const perGroup = input[0] / groups
  const weight = new Float64Array(output[0] * perGroup * kernelHeight * kernelWidth)
  const [firstPerGroup, secondPerGroup] = [input[0] / first.groups, middle[0] / second.groups]
  const [firstTaps, secondTaps] = [first.kernel[0] * first.kernel[1], second.kernel[0] * second.kernel[1]]
  for (let o = 0; o < output[0]; o++) {
    const firstMiddle = Math.floor(o / (output[0] / second.groups)) * secondPerGroup
    const groupStart = Math.floor(o / (output[0] / groups)) * perGroup
    for (let m = firstMiddle; m < firstMiddle + secondPerGroup; m++) {
      const firstInput = Math.floor(m / (middle[0] / first.groups)) * firstPerGroup
      for (let tap2 = 0; tap2 < secondTaps; tap2++) {
        const w2 = second.weight[(o * secondPerGroup + m - firstMiddle) * secondTaps + tap2]
        if (w2 === 0) continue
        for (let i = 0; i < firstPerGroup; i++) {
          for (let tap1 = 0; tap1 < firstTaps; tap1++) {
            const y = axes[0].place(Math.floor(tap1 / first.kernel[1]), Math.floor(tap2 / second.kernel[1]))
            const x = axes[1].place(tap1 % first.kernel[1], tap2 % second.kernel[1])
            const at = ((o * perGroup + firstInput + i - groupStart) * kernelHeight + y) * kernelWidth + x
            weight[at] += w2 * first.weight[(m * firstPerGroup + i) * firstTaps + tap1]
          }
        }
      }
    }
  }
  const pads = first.pads.map((pad, side) => pad + second.pads[side] * first.strides[side % 2])
  return {
    kind: 'conv',
    weight,
    groups,
    kernel: [kernelHeight, kernelWidth],
    strides: [first.strides[0] * second.strides[0], first.strides[1] * second.strides[1]],
    dilations: [axes[0].dilation, axes[1].dilation],
    pads: pads as unknown as ConvMap['pads'],
  }
}

function composeAxis(first: ConvMap, second: ConvMap, axis: number) {
  const [k1, k2] = [first.kernel[axis], second.kernel[axis]]
  const [step1, step2] = [first.dilations[axis], second.dilations[axis] * first.strides[axis]]
  const dilation = k1 === 1 ? (k2 === 1 ? 1 : step2) : k2 === 1 ? step1 : 1
  const kernel = ((k1 - 1) * step1 + (k2 - 1) * step2) / dilation + 1
  return { dilation, kernel, place: (tap1: number, tap2: number) => (tap1 * step1 + tap2 * step2) / dilation }
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b))

/** W = W₂·M₁. */
function denseAfter(first: LinearMap, second: DenseMap, { input, middle, output }: Stages): DenseMap {
  const [inputs, middles, outputs] = [sizeOf(input), sizeOf(middle), sizeOf(output)]
  const weight = new Float64Array(outputs * inputs)
  forEachRow(first, input, middle, (row, column, value) => {
    for (let o = 0; o < outputs; o++) weight[o * inputs + column] += second.weight[o * middles + row] * value
  })
  return { kind: 'dense', weight }
}

/** W = M₂·W₁. */
function afterDense(first: DenseMap, second: LinearMap, { input, middle, output }: Stages): DenseMap {
  const inputs = sizeOf(input)
  const weight = new Float64Array(sizeOf(output) * inputs)
  forEachRow(second, middle, output, (row, column, value) => {
    for (let i = 0; i < inputs; i++) weight[row * inputs + i] += value * first.weight[column * inputs + i]
  })
  return { kind: 'dense', weight }
}

function forEachRow(
  map: LinearMap,
  input: Shape,
  output: Shape,
  visit: (row: number, column: number, value: number) => void,
): void {
  for (let row = 0; row < sizeOf(output); row++) {
    eachEntry(map, input, output, row, (column, value) => value !== 0 && visit(row, column, value))
  }
}

function composeSparse(first: SparseMap, second: SparseMap, inputs: number): SparseMap {
  return sparseRows(second.rowStarts.length - 1, inputs, (row, add) => {
    for (let entry = second.rowStarts[row]; entry < second.rowStarts[row + 1]; entry++) {
      const middle = second.columns[entry]
      for (let inner = first.rowStarts[middle]; inner < first.rowStarts[middle + 1]; inner++) {
        add(first.columns[inner], second.values[entry] * first.values[inner])
      }
    }
  })
}

/** Builds sparse rows from additions in any order; columns end up ascending. */
function sparseRows(
  rows: number,
  inputs: number,
  fill: (row: number, add: (column: number, value: number) => void) => void,
): SparseMap {
  const sums = new Float64Array(inputs)
  /** By column, one more than the last row that added to it. */
  const lastRows = new Int32Array(inputs)
  const rowStarts = new Int32Array(rows + 1)
  const columns: number[] = []
  const values: number[] = []
  for (let row = 0; row < rows; row++) {
    const touched: number[] = []
    let isAscending = true
    fill(row, (column, value) => {
      sums[column] += value
      if (lastRows[column] === row + 1) return
      lastRows[column] = row + 1
      isAscending &&= touched.length === 0 || touched[touched.length - 1] < column
      touched.push(column)
    })
    // Most maps are in order already, and sorting would take most of the time.
    if (!isAscending) touched.sort((a, b) => a - b)
    for (const column of touched) {
      if (sums[column] !== 0) {
        columns.push(column)
        values.push(sums[column])
      }
      sums[column] = 0
    }
    rowStarts[row + 1] = columns.length
  }
  invariant(columns.length < 2 ** 27, 'a composed map is too large')
  return { kind: 'sparse', rowStarts, columns: Int32Array.from(columns), values: Float64Array.from(values) }
}
