import { preprocess } from '../../src-main/data/preprocess.ts'
import { computeJob, newJob } from '../../src-main/edge/compute-job.ts'
import { KernelRunner } from '../../src-main/edge/kernel-runner.ts'
import { silent } from '../../src-main/core/progress.ts'
import { FetchedBundle } from './fetched-bundle.ts'
import type { Ask, Tell } from './messages.ts'

const tell = (message: Tell): void => self.postMessage(message)
const problem = (error: unknown): void => tell({ kind: 'problem', message: (error as Error).message })

async function start(): Promise<void> {
  const bundle = await FetchedBundle.fetch(new URL('/bundle/', self.location.origin))
  const runner = await KernelRunner.load(bundle, 0, { threads: 1 })
  tell({ kind: 'ready', shape: runner.plan.input.shape })
  const run = async ({ pixels }: Ask): Promise<void> => {
    const job = newJob(preprocess(pixels, bundle.manifest.preprocessing))
    const startedMs = performance.now()
    const { file } = await computeJob(bundle, runner, job, silent)
    tell({ kind: 'result', file: new Uint8Array(file), evaluator: runner.evaluator, ms: performance.now() - startedMs })
  }
  self.addEventListener('message', ({ data }: MessageEvent<Ask>) => void run(data).catch(problem))
}

void start().catch(problem)
