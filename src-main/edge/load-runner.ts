import { UserError } from '../core/errors.ts'
import { kernelKindsOf, type EvaluatorChoice } from '../core/plan/evaluator-kinds.ts'
import { kernelSupport } from '../kernels/open-kernels.ts'
import { KernelRunner } from './kernel-runner.ts'
import { loadSegment } from './load-segment.ts'
import type { Bundle } from './open-bundle.ts'
import type { SegmentRunner } from './segment-runner.ts'
import { SingleRunner } from './single-runner.ts'
import { ThreadedRunner } from './threaded-runner.ts'

export interface RunnerOptions {
  readonly threads: number
  /** `auto` takes our own kernels where they pass their self-test and hold the plan. */
  readonly evaluator: EvaluatorChoice
  /** Resident memory of the process, at most; weights beyond it are read again in each run. */
  readonly memoryBytes?: number
}

/**
 * The bundle stays open and the caller's.
 * @throws UserError damaged-bundle, damaged-data, kernels-unsupported, not-enough-memory
 */
export async function loadRunner(bundle: Bundle, segmentIndex: number, options: RunnerOptions): Promise<SegmentRunner> {
  const { threads, evaluator, memoryBytes } = options
  const plan = await bundle.plan(bundle.segment(segmentIndex))
  const kinds = kernelKindsOf(evaluator)
  const mustUseKernels = evaluator !== 'auto' && kinds.length > 0
  if (mustUseKernels || (evaluator === 'auto' && kernelSupport(plan, threads).kind !== 'node-seal')) {
    return KernelRunner.load(bundle, segmentIndex, { ...options, kinds })
  }
  if (memoryBytes !== undefined) {
    throw new UserError('kernels-unsupported', 'Only the evaluation kernels can keep to a given memory.')
  }
  return threads > 1
    ? ThreadedRunner.load(bundle, segmentIndex, threads)
    : new SingleRunner(await loadSegment(bundle, segmentIndex))
}
