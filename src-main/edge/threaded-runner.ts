import { CancelledError } from '../core/errors.ts'
import { must, present } from '../core/must.ts'
import { nodeSealCosts } from '../core/plan/cost-model.ts'
import type { Plan } from '../core/plan/plan.ts'
import { schedulePlan, type Schedule } from '../core/plan/schedule.ts'
import { stepCounter, type WorkContext } from '../core/progress.ts'
import { compileSeal } from '../seal/public.ts'
import { AskedWorker } from '../workers/ask.ts'
import { createExchanges, portsOf } from '../workers/exchange.ts'
import { savedInputs, type InputEncryptor } from './saved-inputs.ts'
import type { Bundle } from '../files/open-bundle.ts'
import { checkSegmentInput, type SegmentInput, type SegmentRunner } from './segment-runner.ts'
import type { SegmentThreadAnswer, SegmentThreadSetup } from './segment-thread.ts'
import { SMALL_HEAP } from '../kernels/small-heap.ts'

/** Beside this file, as source or bundled. */
const threadUrl = new URL(import.meta.url.replace(/[^/]*(\.\w+)$/, 'segment-thread$1'))

type SegmentThread = AskedWorker<readonly Uint8Array[] | undefined, SegmentThreadAnswer, number>

/** A segment on several threads, each with its own SEAL instance and its share of the plan. */
export class ThreadedRunner implements SegmentRunner {
  readonly evaluator = 'node-seal'
  readonly plan: Plan
  inputs: readonly string[] = []
  readonly #encryptor: InputEncryptor | undefined
  readonly #schedule: Schedule
  readonly #threads: readonly SegmentThread[]
  #heapBytes = 0
  #failed: Error | undefined

  private constructor(
    plan: Plan,
    schedule: Schedule,
    threads: readonly SegmentThread[],
    encryptor: InputEncryptor | undefined,
  ) {
    this.#encryptor = encryptor
    this.plan = plan
    this.#schedule = schedule
    this.#threads = threads
  }

  /** Resolves when every thread has its keys; then the encryptor is the runner's. @throws UserError damaged-bundle, damaged-data */
  static async load(
    bundle: Bundle,
    segmentIndex: number,
    threads: number,
    encryptor?: InputEncryptor,
  ): Promise<ThreadedRunner> {
    const plan = await bundle.plan(bundle.segment(segmentIndex))
    const schedule = schedulePlan(plan, threads, nodeSealCosts)
    const module = await compileSeal()
    const { path, sha256 } = bundle
    const workers = createExchanges(threads).map((exchange, thread): SegmentThread => {
      const outputs = plan.output.registers.filter((_, i) => schedule.outputThreads[i] === thread)
      const program = present(schedule.programs[thread])
      const setup: SegmentThreadSetup = {
        bundle: path,
        bundleSha256: sha256,
        segmentIndex,
        module,
        exchange,
        program,
        outputs,
      }
      return new AskedWorker(threadUrl, {
        workerData: setup,
        transferList: portsOf(exchange),
        resourceLimits: SMALL_HEAP,
      })
    })
    const runner = new ThreadedRunner(plan, schedule, workers, encryptor)
    try {
      await Promise.all(workers.map((worker) => worker.ask(undefined)))
    } catch (error) {
      await runner.delete()
      throw error
    }
    return runner
  }

  async run(input: SegmentInput, work: WorkContext): Promise<Uint8Array[]> {
    checkSegmentInput(this.plan, input)
    if (this.#failed) throw this.#failed
    const items = this.#schedule.programs.reduce((sum, program) => sum + program.length, 0)
    const step = stepCounter(work, 'run', items)
    const cancelled = new Promise<never>((_, reject) => {
      work.signal?.addEventListener('abort', () => reject(new CancelledError()), { once: true })
    })
    try {
      const take = (items: number): void => {
        for (let i = 0; i < items; i++) step()
      }
      const { saved, inputs } = savedInputs(this.plan, input, this.#encryptor)
      this.inputs = inputs
      const answers = this.#threads.map((thread) => thread.ask(saved, { take }))
      const done = await Promise.race([Promise.all(answers), cancelled])
      this.#heapBytes = done.reduce((sum, { heapBytes }) => sum + heapBytes, 0)
      const outputs = new Map(done.flatMap(({ outputs }) => outputs))
      return this.plan.output.registers.map((register) => must(outputs, register))
    } catch (error) {
      // The other threads wait for values that will not come.
      this.#failed = error as Error
      await this.delete()
      throw error
    }
  }

  heapBytes(): number {
    return this.#heapBytes
  }

  async delete(): Promise<void> {
    await Promise.all([...this.#threads.map((thread) => thread.end()), this.#encryptor?.close()])
  }
}
