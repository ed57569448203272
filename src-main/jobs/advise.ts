import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { advise as adviseNetwork, type Advice } from '../core/compile/advise.ts'
import { recommend, type Candidate, type DeploymentChoice, type Goal, type Limits } from '../core/compile/candidates.ts'
import { UserError } from '../core/errors.ts'
import type { WorkContext } from '../core/progress.ts'
import { CUT_KINDS } from '../core/segment/cut.ts'
import { Stopwatch } from '../core/stopwatch.ts'
import { checkOutput, writeAtomically } from '../files/write-atomically.ts'
import { fileProblem } from '../files/read-file.ts'
import { prepareSamples } from './calibration.ts'
import type { CompileRequest } from './compile.ts'
import { openNetworkFile } from './open-network.ts'
import { checkOriginal } from './original.ts'

export interface AdviseRequest
  extends
    Limits,
    Pick<
      CompileRequest,
      'model' | 'inputName' | 'inputShape' | 'outputName' | 'calibration' | 'preprocessing' | 'maxSamples' | 'input'
    > {
  readonly goal: Goal
  /** Where the recommended choice goes, for `protect --plan`. */
  readonly out?: string
  readonly force: boolean
}

export interface AdviseResult extends Advice {
  /** Which of the candidates suits the goal best; absent where the limits leave none. */
  readonly recommended?: number
  readonly out?: string
  readonly seconds: number
}

/** Compares deployments of a network and recommends one. @throws UserError as `compile`, output-exists, … */
export async function advise(request: AdviseRequest, work: WorkContext): Promise<AdviseResult> {
  const { out, goal } = request
  if (out !== undefined) await checkOutput(out, request)
  const watch = new Stopwatch(work)
  const opened = await watch.time('normalise', () => openNetworkFile(request))
  const { model } = opened
  const { samples } = await watch.time('calibrate', () => prepareSamples(request, model, work))
  await watch.time('original', () => checkOriginal(request, opened, samples))
  const advice = await watch.time('advise', () => adviseNetwork(model, samples, request.input, work))
  const chosen = recommend(advice.candidates, goal, request)
  const recommended = chosen && advice.candidates.indexOf(chosen)
  if (out !== undefined && chosen) {
    await writeAtomically(out, request, (file) => file.writeFile(`${JSON.stringify(planFileOf(chosen), null, 2)}\n`))
  }
  return {
    ...advice,
    ...(recommended !== undefined && { recommended }),
    ...(out !== undefined && chosen && { out }),
    seconds: watch.seconds,
  }
}

const degree = z.union([z.literal(2), z.literal(4), z.literal(8)])
const kind = z.enum(CUT_KINDS)
const refresh = z.enum(['refresh', 'exact'])
const split = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('cuts'), cuts: z.array(z.strictObject({ after: z.string(), kind })).max(63) }),
  z.strictObject({ by: z.literal('activations'), kind: z.literal('exact') }),
  z.strictObject({ by: z.literal('depth'), kind: refresh }),
  z.strictObject({ by: z.literal('refreshes'), refreshes: z.int().min(0).max(63), kind: refresh }),
])
const planFile = z.strictObject({
  format: z.literal('sealwright-plan-1'),
  degree,
  degrees: z.record(z.string(), degree),
  splitPools: z.boolean(),
  split,
})

const planFileOf = ({ degree, degrees, splitPools, split }: Candidate) => ({
  format: 'sealwright-plan-1',
  degree,
  degrees,
  splitPools,
  split,
})

/** The choice that `advise` wrote. @throws UserError file-not-found, bad-plan-file */
export async function readPlanFile(path: string): Promise<DeploymentChoice> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw fileProblem(error, path)
  })
  try {
    return planFile.parse(JSON.parse(text))
  } catch (cause) {
    throw new UserError('bad-plan-file', `${path} is not what advise writes.`, {
      where: { file: path },
      hint: 'sealwright advise … --out FILE writes one.',
      cause,
    })
  }
}
