import { workerData } from 'node:worker_threads'
import { silent } from '../../core/progress.ts'
import { answerQuestions } from '../../workers/ask.ts'
import { encodeRun } from '../encode-run.ts'
import { Bundle } from '../open-bundle.ts'
import { loadRunner, type RunnerOptions } from '../load-runner.ts'

export interface EngineSetup {
  readonly bundle: string
  /** The manifest that the main thread has verified. */
  readonly bundleSha256: string
  readonly options: RunnerOptions
}

const { bundle: path, bundleSha256, options } = workerData as EngineSetup
const loaded = Bundle.reopen(path, bundleSha256).then(async (bundle) => ({
  bundle,
  runner: await loadRunner(bundle, 0, options),
}))

/** A preprocessed input to an encoded result; without an input, resolves when the engine is ready. */
answerQuestions(async (input: Float64Array | undefined): Promise<Uint8Array> => {
  const { bundle, runner } = await loaded
  return input ? encodeRun(bundle, await runner.run(input, silent)) : new Uint8Array()
})
