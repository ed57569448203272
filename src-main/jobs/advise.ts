import { advise as adviseNetwork, type Advice } from '../core/compile/advise.ts'
import { meetsGoal, recommend, type Goal, type Limits } from '../core/compile/candidates.ts'
import type { WorkContext } from '../core/progress.ts'
import { Stopwatch } from '../core/stopwatch.ts'
import { checkOutput, writeAtomically } from '../files/write-atomically.ts'
import { prepareSamples } from './calibration.ts'
import type { CompileRequest } from './compile.ts'
import { openNetworkFile } from './open-network.ts'
import { checkOriginal } from './original.ts'
import { planFileText } from './plan-file.ts'
import { withThreads } from './with-threads.ts'

export interface AdviseRequest
  extends
    Limits,
    Pick<
      CompileRequest,
      | 'model'
      | 'inputName'
      | 'inputShape'
      | 'outputName'
      | 'quantities'
      | 'calibration'
      | 'preprocessing'
      | 'maxSamples'
      | 'input'
    > {
  readonly goal: Goal
  /** Where the recommended choice goes, for `protect --plan`. */
  readonly out?: string
  readonly force: boolean
}

export interface AdviseResult extends Advice {
  /** Which of the candidates suits the goal best; absent where the limits leave none. */
  readonly recommended?: number
  /** Whether that one keeps what the goal and `minKept` ask for; otherwise nothing within the limits does. */
  readonly enough?: boolean
  readonly out?: string
  readonly seconds: number
}

/** Compares deployments of a network and recommends one. @throws UserError as `compile`, output-exists, … */
export async function advise(request: AdviseRequest, work: WorkContext): Promise<AdviseResult> {
  const { out, goal, input, minKept } = request
  if (out !== undefined) await checkOutput(out, request)
  const watch = new Stopwatch(work)
  const opened = await watch.time('normalise', () => openNetworkFile(request))
  const { model } = opened
  const { samples } = await watch.time('calibrate', () => prepareSamples(request, model, work))
  await watch.time('original', () => checkOriginal(request, opened, samples))
  const advice = await watch.time('advise', () =>
    adviseNetwork(model, samples, input, request.maxRefreshes ?? Infinity, withThreads(work)),
  )
  const chosen = recommend(advice.candidates, goal, request)
  const recommended = chosen && advice.candidates.indexOf(chosen)
  if (out !== undefined && chosen) {
    await writeAtomically(out, request, (file) => file.writeFile(planFileText(chosen, { input, minKept })))
  }
  return {
    ...advice,
    ...(chosen && { recommended, enough: meetsGoal(chosen, goal, minKept) }),
    ...(out !== undefined && chosen && { out }),
    seconds: watch.seconds,
  }
}
