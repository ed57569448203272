import { workerData } from 'node:worker_threads'
import { decodeResult, encodeResult } from '../../core/bundle/result.ts'
import { UserError } from '../../core/errors.ts'
import { getOrMake } from '../../core/get-or-make.ts'
import { sha256 } from '../../files/sha256.ts'
import { answerQuestions } from '../../workers/ask.ts'
import type { Unlock } from '../age.ts'
import { findDeployment, ResultOpener, revealResult, type DecryptResult } from '../decrypt.ts'
import { cutAfter, type Deployment } from '../deployment.ts'
import { Refresher } from '../refresh.ts'
import { UnlockedKeyStore } from '../unlocked-key-store.ts'

export interface OpenSetup {
  readonly keysFolder: string
  readonly deployment: string
  readonly unlock: Unlock
}

/** Keys may be loaded beforehand; a result file is opened for a consumer, or refreshed for the next segment. */
export type OpenQuestion =
  | { readonly kind: 'load'; readonly refreshes: boolean }
  | { readonly kind: 'open' | 'refresh'; readonly file: Uint8Array }

/** What the policy reveals, a refreshed file, or nothing where keys were loaded. */
export type OpenAnswer = DecryptResult | Uint8Array | undefined

const { keysFolder, deployment: id, unlock } = workerData as OpenSetup
const keys = new UnlockedKeyStore(keysFolder, unlock)
const { store } = keys
/** By update and segment. */
const openers = new Map<string, Promise<ResultOpener>>()
const refreshers = new Map<string, Promise<Refresher>>()

/** Opens and refreshes result files of one deployment. */
answerQuestions(
  async (question: OpenQuestion): Promise<OpenAnswer> => {
    if (question.kind === 'load') {
      await load(question.refreshes)
      return
    }
    const result = decodeResult(question.file, sha256)
    const deployment = await findDeployment(store, result)
    if (deployment.id !== id) throw new UserError('result-of-another-bundle', 'The result is of another deployment.')
    return question.kind === 'open'
      ? revealResult(await openerOf(deployment, result.segment), deployment, result, deployment.reveal)
      : encodeResult((await refresherOf(deployment, result.segment)).refresh(result), sha256, 'refreshed')
  },
  (answer) => (answer instanceof Uint8Array ? [answer.buffer as ArrayBuffer] : []),
)

async function load(refreshes: boolean): Promise<undefined> {
  const deployment = await store.read(id)
  await openerOf(deployment, deployment.segments - 1)
  for (let segment = 0; refreshes && segment + 1 < deployment.segments; segment++) {
    if (cutAfter(deployment, segment) !== 'hand-off') await refresherOf(deployment, segment)
  }
}

const openerOf = (deployment: Deployment, segment: number): Promise<ResultOpener> =>
  kept(openers, nameOf(deployment, segment), () => ResultOpener.load(keys, deployment, segment))

const refresherOf = (deployment: Deployment, segment: number): Promise<Refresher> =>
  kept(refreshers, nameOf(deployment, segment), () => Refresher.load(keys, deployment, segment))

const nameOf = ({ update = 0 }: Deployment, segment: number): string => `${update} ${segment}`

/** Loaded once; what failed to load is tried again. */
function kept<T>(all: Map<string, Promise<T>>, name: string, load: () => Promise<T>): Promise<T> {
  const loading = getOrMake(all, name, load)
  loading.catch(() => all.delete(name))
  return loading
}
