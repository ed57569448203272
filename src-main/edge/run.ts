import { encodeCase } from '../core/bundle/audit-case.ts'
import type { EvaluatorKind } from '../core/plan/evaluator-kinds.ts'
import type { WorkContext } from '../core/progress.ts'
import type { CutKind } from '../core/segment/cut.ts'
import { sha256 } from '../files/sha256.ts'
import { checkOutput, writeAtomically } from '../files/write-atomically.ts'
import { computeJob, jobOn, newJob, openingOf } from './compute-job.ts'
import { readInput } from './read-input.ts'
import { readCiphertexts } from './read-ciphertexts.ts'
import { Bundle, type Trust } from '../files/open-bundle.ts'
import { loadRunner, type RunnerOptions } from './load-runner.ts'

export interface EdgeRunRequest {
  readonly bundle: string
  readonly input: string
  /** Which sample of `input`; 0 unless told. */
  readonly index?: number
  readonly runner: RunnerOptions
  readonly out: string
  /** Where to write the file that an auditor of this job needs; it contains the input. */
  readonly opening?: string
  readonly force?: boolean
  readonly trust?: Trust
}

export interface EdgeRunResult {
  readonly deploymentId: string
  /** Which segment ran, from 0. */
  readonly segment: number
  /** 32 hexadecimal digits, which its receipt names. */
  readonly job: string
  /** What happens behind it; absent for the last one. */
  readonly cut?: CutKind
  readonly resultBytes: number
  readonly loadSeconds: number
  readonly runSeconds: number
  /** Empty where the threads do not report theirs. */
  readonly layers: readonly { readonly name: string; readonly seconds: number }[]
  readonly heapBytes: number
  /** Largest resident memory of this process so far. */
  readonly peakBytes: number
  readonly evaluator: EvaluatorKind
}

/** Runs one sample through a bundle and writes the encrypted result. */
export async function edgeRun(request: EdgeRunRequest, work: WorkContext): Promise<EdgeRunResult> {
  const startedMs = performance.now()
  await checkOutput(request.out, request)
  if (request.opening !== undefined) await checkOutput(request.opening, request)
  const bundle = await Bundle.open(request.bundle, request.trust)
  try {
    const { manifest } = bundle
    const given = await readCiphertexts(request.input, bundle)
    const segment = given?.segment ?? 0
    const runner = await loadRunner(bundle, segment, request.runner)
    try {
      const { preprocessing } = manifest
      const index = request.index ?? 0
      const job = given ? jobOn(given) : newJob(await readInput(request.input, index, runner.plan, preprocessing))
      const loadedMs = performance.now()
      const computed = await computeJob(bundle, runner, job, work)
      const ranMs = performance.now()
      const { deploymentId } = manifest
      const { file: result, receipt } = computed
      const opening = request.opening
      if (opening !== undefined) {
        const bytes = encodeCase({ receipt, opening: openingOf(job) }, sha256)
        await writeAtomically(opening, { force: request.force }, (file) => file.writeFile(bytes))
      }
      await writeAtomically(request.out, { force: request.force }, (file) => file.writeFile(result))
      return {
        deploymentId,
        segment,
        job: job.id,
        cut: bundle.cutAfter(segment),
        resultBytes: result.length,
        loadSeconds: (loadedMs - startedMs) / 1000,
        runSeconds: (ranMs - loadedMs) / 1000,
        layers: (runner.times?.layers ?? []).map(({ id, ms }) => ({ name: id, seconds: ms / 1000 })),
        heapBytes: runner.heapBytes(),
        peakBytes: process.resourceUsage().maxRSS * 1024,
        evaluator: runner.evaluator,
      }
    } finally {
      await runner.delete()
    }
  } finally {
    await bundle.close()
  }
}
