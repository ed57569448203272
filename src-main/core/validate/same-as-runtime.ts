import { present } from '../must.ts'
import { marginOf } from '../network/classification.ts'
import type { LayerModel } from '../network/layer-model.ts'

/** How far two evaluators of the original network are apart on one sample. */
export interface RuntimeDifference {
  /** Largest |difference|, and the largest |output| of ONNX Runtime. */
  readonly difference: number
  readonly largest: number
  /** Whether rounding explains it. */
  readonly isSmall: boolean
}

/**
 * What rounding explains, relative to the largest output: float32 through a hundred layers, half precision, and integers,
 * of which one that is rounded the other way moves what follows by some steps.
 */
const tolerances = { float: 1e-3, half: 3e-2, integers: 0.35 }
export type Precision = keyof typeof tolerances

/** Outputs below this are rounding errors of the layers before. */
const LEAST_OUTPUT = 1e-3

/** Compares our outputs, made of `scores` by the model's finish, with those of ONNX Runtime. */
export function compareWithRuntime(
  finish: LayerModel['finish'],
  scores: Float64Array,
  ours: Float64Array,
  theirs: Float64Array,
  precision: Precision,
): RuntimeDifference {
  const tolerance = tolerances[precision]
  const largest = largestOf(theirs)
  const difference = largestDifference(ours, theirs)
  const isTied = finish === 'argmax' && marginOf(scores) <= tolerance * largestOf(scores)
  return { difference, largest, isSmall: isTied || difference <= tolerance * Math.max(largest, LEAST_OUTPUT) }
}

/** Operators that jump, so that a rounding error just there moves everything behind. */
const jumping = new Set(
  'Ceil Floor Round Sign Truncate Truth Equal Greater GreaterOrEqual Less LessOrEqual IsInf IsNaN'.split(' '),
)

/** Whether most samples agree suffices: rounding may throw single ones off by much. */
const isUnsteady = ({ layers, quantised }: LayerModel): boolean =>
  quantised !== undefined ||
  layers.some(
    (layer) => layer.kind === 'activation' && layer.activation.steps?.some(({ operator }) => jumping.has(operator)),
  )

/** The difference, of one for each sample, that rounding does not explain; undefined where the network is the same. */
export function unexplained(
  model: LayerModel,
  differences: readonly RuntimeDifference[],
): { readonly sample: number; readonly difference: RuntimeDifference } | undefined {
  const large = [...differences.entries()].filter(([, { isSmall }]) => !isSmall)
  const tolerated = isUnsteady(model) ? Math.floor(differences.length / 2) : 0
  const [first] = large
  if (!first || large.length <= tolerated) return undefined
  const [sample, difference] = first
  return { sample, difference }
}

export const largestOf = (values: Float64Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)

/** Infinity where they have other numbers of values, or other ones that are not finite. */
export function largestDifference(ours: Float64Array, theirs: ArrayLike<number>): number {
  if (ours.length !== theirs.length) return Infinity
  return ours.reduce((most, value, at) => {
    if (Object.is(value, theirs[at])) return most
    const difference = Math.abs(value - present(theirs[at]))
    return Number.isNaN(difference) ? Infinity : Math.max(most, difference)
  }, 0)
}
