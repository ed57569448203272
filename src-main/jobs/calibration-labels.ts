import { present } from '../core/must.ts'
import { UserError } from '../core/errors.ts'
import { classesOf, sizeOf, type LayerModel } from '../core/network/layer-model.ts'
import { classScores } from '../core/normalise/run-tail.ts'
import type { Labels } from '../core/tune/true-classes.ts'
import type { CalibrationRequest, PreparedSamples } from './calibration.ts'
import { labelsOfNetwork } from './labels.ts'
import type { NetworkFile } from './open-network.ts'

interface Request extends CalibrationRequest {
  readonly classNames?: readonly string[]
}

/**
 * The true classes of calibration samples, by which tuning puts the original's mistakes right; undefined where nobody asked for that.
 * @throws UserError bad-labels, bad-class-names
 */
export async function calibrationLabels(
  { calibration, calibrationLabels: file, classNames }: Request,
  network: Pick<NetworkFile, 'model' | 'classNames'>,
  { samples, indices, source }: PreparedSamples,
): Promise<Labels | undefined> {
  if (file === undefined) return undefined
  const fail = (message: string, hint: string): never => {
    throw new UserError('bad-labels', message, { where: { file }, hint })
  }
  if (!givesClassScores(network.model)) {
    fail(
      'Classes are of no use in tuning: the outputs of this network are not the scores of several classes.',
      'Leave --calibration-labels out: tuning then goes by what the original network says.',
    )
  }
  const own = file === calibration
  const labels = await labelsOfNetwork({ labels: own ? undefined : file, classNames }, network, source)
  if (labels === undefined) {
    return fail(`${file} includes no classes of its samples.`, 'Give a file with one class for each sample.')
  }
  return new Map(samples.map((sample, i) => [sample, present(labels[present(indices[i])])]))
}

/** Whether what is encrypted ends in one score for each class, and not in what the owner computes them from. */
function givesClassScores(model: LayerModel): boolean {
  const output = model.layers.find(({ id }) => id === model.output)
  const outputs = new Float64Array(sizeOf(output?.shape ?? model.input.shape))
  return outputs.length > 1 && outputs.length === classesOf(model) && classScores(model, outputs) === outputs
}
