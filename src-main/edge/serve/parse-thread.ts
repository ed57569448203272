import { decodeCase, isCase } from '../../core/bundle/audit-case.ts'
import { preprocess } from '../../data/preprocess.ts'
import { sampleFromBytes } from '../../data/sample-from-bytes.ts'
import { sha256 } from '../../files/sha256.ts'
import { answerQuestions } from '../../workers/ask.ts'
import { decodeGiven } from '../read-ciphertexts.ts'
import { CIPHERTEXTS_TYPE, type Body, type Parsed } from './body.ts'

/** Reads bytes from outside: a preprocessed sample, ciphertexts, or a job to be computed again. Without a body it says that it is ready. */
answerQuestions(async (body: Body | undefined): Promise<Parsed | undefined> => {
  if (!body) return undefined
  const { bytes, type, shape, preprocessing } = body
  if (type === CIPHERTEXTS_TYPE) return isCase(bytes) ? decodeCase(bytes, sha256) : decodeGiven(bytes)
  return preprocess(await sampleFromBytes(bytes, type, shape, preprocessing), preprocessing)
})
