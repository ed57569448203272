import { workerData } from 'node:worker_threads'
import { silent } from '../../core/progress.ts'
import { answerQuestions } from '../../workers/ask.ts'
import { computeJob, type ComputedJob, type Job } from '../compute-job.ts'
import { Bundle } from '../../files/open-bundle.ts'
import { loadRunner, type RunnerOptions } from '../load-runner.ts'
import type { SegmentRunner } from '../segment-runner.ts'

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

/** Computes a job; without one, resolves when the engine is ready. */
answerQuestions(
  async (job: Job | undefined): Promise<ComputedJob | undefined> => {
    const { bundle, runner } = await (opened ??= open())
    return job && (await computeJob(bundle, runner, job, silent))
  },
  (computed) => (computed ? [computed.file.buffer as ArrayBuffer] : []),
)
