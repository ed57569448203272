import { createHash } from 'node:crypto'
import { workerData } from 'node:worker_threads'
import { decodeResult } from '../../core/bundle/result.ts'
import { UserError } from '../../core/errors.ts'
import { answerQuestions } from '../../workers/ask.ts'
import type { Unlock } from '../age.ts'
import { findDeployment, ResultOpener, revealResult, type DecryptResult } from '../decrypt.ts'
import { KeyStore } from '../key-store.ts'

export interface OpenSetup {
  readonly keysFolder: string
  readonly deployment: string
  readonly unlock: Unlock
}

const { keysFolder, deployment: id, unlock } = workerData as OpenSetup
const store = new KeyStore(keysFolder)
const openers = new Map<number, Promise<ResultOpener>>()

/** Opens result files of one deployment and applies its policy; without a file, resolves when its key is loaded. */
answerQuestions(async (file: Uint8Array | undefined): Promise<DecryptResult | undefined> => {
  if (!file) {
    await openerOf((await store.read(id)).segments - 1)
    return undefined
  }
  const result = decodeResult(file, (bytes) => createHash('sha256').update(bytes).digest('hex'))
  const deployment = await findDeployment(store, result)
  if (deployment.id !== id) throw new UserError('result-of-another-bundle', 'The result is of another deployment.')
  return revealResult(await openerOf(result.segment), deployment, result, deployment.reveal)
})

function openerOf(segment: number): Promise<ResultOpener> {
  let opener = openers.get(segment)
  if (!opener) {
    opener = store.read(id).then((deployment) => ResultOpener.load(store, deployment, segment, unlock))
    openers.set(segment, opener)
  }
  return opener
}
