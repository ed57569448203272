import type { Preprocessing } from '../../core/bundle/preprocessing.ts'
import type { Shape } from '../../core/normalise/layer-model.ts'
import { preprocess } from '../../data/preprocess.ts'
import { sampleFromBytes, type SampleType } from '../../data/read-samples.ts'
import { answerQuestions } from '../../workers/ask.ts'

/** Bytes from outside, and how the bundle wants them read. */
export interface ParseQuestion {
  readonly bytes: Uint8Array
  readonly type: SampleType
  readonly shape: Shape
  readonly preprocessing: Preprocessing
}

answerQuestions(async ({ bytes, type, shape, preprocessing }: ParseQuestion): Promise<Float64Array> => {
  return preprocess(sampleFromBytes(bytes, type, shape, preprocessing.layout), preprocessing)
})
