import { UserError } from '../core/errors.ts'
import { kernelKindsOf, type EvaluatorChoice } from '../core/plan/evaluator-kinds.ts'
import { kernelSupport } from '../kernels/open-kernels.ts'
import { loadInputEncryptor } from './input-encryptor.ts'
import { KernelRunner } from './kernel-runner.ts'
import { needSeal } from './need-seal.ts'
import type { Bundle } from '../files/open-bundle.ts'
import { READ_AHEAD_BYTES } from './weight-reader.ts'
import type { SegmentRunner } from './segment-runner.ts'

/** What the process grows by besides the kernels' memory and what is read ahead: keys on their way, and threads. */
const GROWTH_BYTES = 72 * 2 ** 20
const THREAD_BYTES = 16 * 2 ** 20

export interface RunnerOptions {
  readonly threads: number
  /**
   * `auto` takes our own kernels where they pass their self-test and hold the plan, else node-seal; in a deployment with audits
   * it never does, since node-seal gives other bits.
   */
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
  const mustUseKernels = kinds.length > 0 && (evaluator !== 'auto' || bundle.manifest.audit !== undefined)
  const support = evaluator === 'auto' ? kernelSupport(plan, threads) : undefined
  if (mustUseKernels || (support && support.kind !== 'node-seal')) {
    const roomBytes = memoryBytes === undefined ? undefined : kernelRoom(memoryBytes, threads)
    return KernelRunner.load(bundle, segmentIndex, { threads, kinds, roomBytes })
  }
  if (memoryBytes !== undefined) {
    throw new UserError('kernels-unsupported', 'Only the evaluation kernels can keep to a given memory.')
  }
  const { loadSealRunner } = await needSeal(support?.reason).runner()
  const encryptor = segmentIndex === 0 ? await loadInputEncryptor(bundle, segmentIndex) : undefined
  try {
    return await loadSealRunner(bundle, segmentIndex, threads, encryptor)
  } catch (error) {
    await encryptor?.close()
    throw error
  }
}

/** @throws UserError bad-arguments where several runners would have to share a given memory */
export function checkMemory({ memoryBytes }: RunnerOptions, segments: number): void {
  if (memoryBytes === undefined || segments === 1) return
  throw new UserError('bad-arguments', '--memory is for a process that serves one segment.', {
    hint: 'Use a bundle for each node (protect --per-node), or --segments with NATS.',
  })
}

/** What is left for the kernels of what the process may hold, as it is now. @throws UserError not-enough-memory */
function kernelRoom(memoryBytes: number, threads: number): number {
  const room = memoryBytes - process.memoryUsage.rss() - READ_AHEAD_BYTES - GROWTH_BYTES - threads * THREAD_BYTES
  if (room > 0) return room
  throw new UserError('not-enough-memory', `${Math.ceil(memoryBytes / 2 ** 20)} MiB are not enough to begin with.`)
}
