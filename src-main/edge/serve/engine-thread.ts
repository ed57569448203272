import { workerData } from 'node:worker_threads'
import { silent } from '../../core/progress.ts'
import { answerQuestions } from '../../workers/ask.ts'
import { encodeRun } from '../encode-run.ts'
import { Bundle } from '../../files/open-bundle.ts'
import { loadRunner, type RunnerOptions } from '../load-runner.ts'
import type { SegmentRunner } from '../segment-runner.ts'
import type { RunInput } from '../../core/plan/check-input.ts'

export interface EngineSetup {
  readonly bundle: string
  /** The manifest that the main thread has verified. */
  readonly bundleSha256: string
  readonly segment: number
  readonly options: RunnerOptions
}

const { bundle: path, bundleSha256, segment, options } = workerData as EngineSetup
/** Made on the first question. */
let opened: Promise<{ bundle: Bundle; runner: SegmentRunner }> | undefined

async function open() {
  const bundle = await Bundle.reopen(path, bundleSha256)
  return { bundle, runner: await loadRunner(bundle, segment, options) }
}

/** An input to an encoded result; without an input, resolves when the engine is ready. */
answerQuestions(async (input: RunInput | undefined): Promise<Uint8Array> => {
  const { bundle, runner } = await (opened ??= open())
  return input ? encodeRun(bundle, await runner.run(input, silent), segment) : new Uint8Array()
})
