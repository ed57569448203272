import type { EvaluatorChoice } from '../core/plan/evaluator-kinds.ts'
import type { WorkContext } from '../core/progress.ts'
import type { EdgeRunResult as Ran } from '../edge/run.ts'
import { checkOutput } from '../files/write-atomically.ts'
import { trustArguments, type TrustRequest } from './edge-bundle.ts'
import { runEdge } from './edge-process.ts'

export interface EdgeRunRequest extends TrustRequest {
  readonly bundle: string
  readonly input: string
  /** Which sample of `input`. */
  readonly index: number
  readonly out: string
  /** Where to write what an audit of the job is shown. */
  readonly opening?: string
  /** The cores where it is left open. */
  readonly threads?: number
  /** Most that the process may hold, as 1500M or 2G: weights beyond it are read as they are needed. */
  readonly memory?: string
  readonly force: boolean
  /** Our own kernels where they pass their self-test, unless told. */
  readonly evaluator?: EvaluatorChoice
}

export interface EdgeRunResult extends Ran {
  readonly result: string
  /** From the start of the process to its end. */
  readonly seconds: number
}

/** Computes one encrypted result in another process. @throws UserError damaged-bundle, wrong-shape, … */
export async function edgeRun(request: EdgeRunRequest, work: WorkContext): Promise<EdgeRunResult> {
  const { bundle, input, index, out, opening, threads, memory, force, evaluator = 'auto' } = request
  await checkOutput(out, { force })
  const startedMs = performance.now()
  const ran = await runEdge<Ran>(
    [
      'run',
      bundle,
      `--input=${input}`,
      `--index=${index}`,
      `--out=${out}`,
      ...(opening === undefined ? [] : [`--opening=${opening}`]),
      `--evaluator=${evaluator}`,
      ...(threads === undefined ? [] : [`--threads=${threads}`]),
      ...(memory === undefined ? [] : [`--memory=${memory}`]),
      ...(force ? ['--force'] : []),
      ...trustArguments(request),
    ],
    work,
  )
  return { result: out, ...ran, seconds: Math.round(performance.now() - startedMs) / 1000 }
}
