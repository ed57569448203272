import type { Preprocessing } from '../core/bundle/preprocessing.ts'
import { UserError } from '../core/errors.ts'
import { sizeOf } from '../core/network/layer-model.ts'
import type { Plan } from '../core/plan/plan.ts'
import { preprocess } from '../data/preprocess.ts'
import { readSamples } from '../data/read-samples.ts'

/**
 * As many preprocessed samples as the plan computes at once, from `index` on, one after the other; where there
 * are fewer, the last one fills the batch.
 * @throws UserError index-out-of-range and what reading says
 */
export async function readInput(
  path: string,
  index: number,
  { batch, input: { shape } }: Plan,
  preprocessing: Preprocessing,
): Promise<Float64Array> {
  const { layout, resize, crop } = preprocessing
  const options = { shape, layout, resize, crop }
  const samples = await readSamples(path, batch === 1 ? { ...options, index } : options)
  const first = batch === 1 ? 0 : index
  if (first >= samples.count) {
    throw new UserError('index-out-of-range', `${path} has ${samples.count} samples; there is no sample ${index}.`)
  }
  const input = new Float64Array(batch * sizeOf(shape))
  for (let i = 0; i < batch; i++) {
    const sample = samples.sample(Math.min(first + i, samples.count - 1))
    input.set(preprocess(sample, preprocessing), i * sizeOf(shape))
  }
  return input
}
