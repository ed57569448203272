import { packInput, unpack } from '../plan/packing.ts'
import { ClearEvaluator } from '../plan/clear-evaluator.ts'
import type { Evaluator } from '../plan/evaluator.ts'
import type { PlannedNetwork, Register } from '../plan/plan.ts'
import { runPlan } from '../plan/run-plan.ts'
import { lastOf, present } from '../must.ts'
import { applyOwnerStep } from './owner-step.ts'
import type { PlannedSegments } from './planned-segments.ts'

/** A run of segments that begins with packed values; all unless told. */
export interface SegmentRange {
  readonly from?: number
  /** Exclusive. */
  readonly to?: number
}

/** What the segments compute for a batch of preprocessed inputs, in the clear and as planned. */
export const runSegmentsInTheClear = (
  planned: PlannedSegments,
  input: Float64Array,
  range: SegmentRange = {},
): Float64Array => runSegments(planned, input, inTheClear, range)

/** The same with another evaluator; between stretches values are what the owner has of them. */
export function runSegments<V>(
  { segments, cuts }: PlannedSegments,
  input: Float64Array,
  host: StretchHost<V>,
  { from = 0, to = segments.length }: SegmentRange = {},
): Float64Array {
  let values = input
  let at = from
  while (at < to) {
    const stretch = stretchFrom(segments, at).slice(0, to - at)
    values = runStretch(stretch, values, host)
    at += stretch.length
    const cut = cuts[at - 1]
    if (at < to && cut && cut.kind !== 'hand-off') {
      values = applyOwnerStep(cut.step, values, present(segments[at]).plan.batch)
    }
  }
  return values
}

/** The segments that are handed on from one to the next, from a given one on. */
export function stretchFrom(segments: readonly PlannedNetwork[], first: number): readonly PlannedNetwork[] {
  let end = first + 1
  while (segments[end]?.plan.input.mode === 'handed') end += 1
  return segments.slice(first, end)
}

/** What a stretch is computed with: slots in the clear, or something that is made from them and read as them. */
export interface StretchHost<V> {
  evaluatorFor(network: PlannedNetwork): Evaluator<V>
  input(slots: Float64Array, register: Register, network: PlannedNetwork): V
  read(value: V): Float64Array
}

/** Segments that hand on to each other. */
function runStretch<V>(stretch: readonly PlannedNetwork[], input: Float64Array, host: StretchHost<V>): Float64Array {
  const first = present(stretch[0])
  let values = first.plan.input.sources.map((_, register) =>
    host.input(packInput(first.plan, input, register), register, first),
  )
  for (const network of stretch) values = runPlan(network.plan, host.evaluatorFor(network), values)
  const last = lastOf(stretch).plan
  return unpack(
    last,
    last.output,
    values.map((value) => host.read(value)),
  )
}

const inTheClear: StretchHost<Float64Array> = {
  evaluatorFor: ({ plan, weightVectors }) => new ClearEvaluator(plan, weightVectors),
  input: (slots) => slots,
  read: (slots) => slots,
}
