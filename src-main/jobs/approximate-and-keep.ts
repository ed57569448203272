import { approximateNetwork, type Approximation, type ApproximateChoice } from '../core/compile/approximate-network.ts'
import type { LayerModel } from '../core/network/layer-model.ts'
import type { WorkContext } from '../core/progress.ts'
import { keptFit, NotKept } from './kept-fits.ts'
import { withThreads } from './with-threads.ts'

export interface KeptApproximateChoice extends ApproximateChoice {
  /** A folder of the owner's alone, where fits are kept for whoever asks for the same again. */
  readonly fits?: string
  /** Makes no fit that is not in `fits`: throws NotKept instead. */
  readonly keptOnly?: boolean
}

/** As approximateNetwork, from `fits` where the same was fitted before. */
export async function approximateAndKeep(
  model: LayerModel,
  samples: readonly Float64Array[],
  choice: KeptApproximateChoice,
  work: WorkContext,
): Promise<Approximation> {
  const { fits, degree, degrees = {}, splitPools = false, tuningEpochs, trueClasses, exact = new Set() } = choice
  const { target, maximumDepth, maximumSeconds } = choice
  if (fits === undefined) return await approximateNetwork(model, samples, choice, withThreads(work))
  const limits = target === undefined ? {} : { target, maximumDepth, maximumSeconds }
  const classes = trueClasses && samples.map((sample) => trueClasses.get(sample) ?? null)
  const exactIds = [...exact].sort()
  const choices = {
    degree,
    degrees: Object.entries(degrees).sort(),
    splitPools,
    tuningEpochs,
    exact: exactIds,
    limits,
    classes,
  }
  const fit = (listening: WorkContext): Promise<Approximation> => {
    if (choice.keptOnly) throw new NotKept()
    return approximateNetwork(model, samples, choice, withThreads(listening))
  }
  return await keptFit(fits, { model, samples, choices }, fit, work)
}
