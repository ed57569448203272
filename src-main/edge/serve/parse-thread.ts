import { preprocess } from '../../data/preprocess.ts'
import { sampleFromBytes } from '../../data/sample-from-bytes.ts'
import { answerQuestions } from '../../workers/ask.ts'
import { decodeGiven, type GivenInput } from '../read-ciphertexts.ts'
import { CIPHERTEXTS_TYPE, type Body } from './body.ts'

/** Reads bytes from outside: a preprocessed sample, or ciphertexts. Without a body it says that it is ready. */
answerQuestions(async (body: Body | undefined): Promise<Float64Array | GivenInput | undefined> => {
  if (!body) return undefined
  const { bytes, type, shape, preprocessing } = body
  if (type === CIPHERTEXTS_TYPE) return decodeGiven(bytes)
  return preprocess(await sampleFromBytes(bytes, type, shape, preprocessing.layout), preprocessing)
})
