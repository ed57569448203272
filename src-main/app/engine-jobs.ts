/**
 * The jobs an engine process can run: those of jobs/, and what the window wants to see beside them. Cryptography and ONNX
 * Runtime take longer to load than a small network to inspect, so they are loaded when needed.
 */
import { basename } from 'node:path'
import type { WorkContext } from '../core/progress.ts'
import type { Accuracy, Comparison, Exported, Inspection } from '../ipc/jobs.ts'
import type { KeysJobRequest } from './engine-keys.ts'
import type { PlanRequest } from '../jobs/plan.ts'
import type { plotActivations } from '../jobs/plot-activations.ts'
import type { ProbeRequest } from '../jobs/probe.ts'
import type { ProtectRequest } from '../jobs/protect.ts'
import type { TrialRequest } from '../jobs/trial.ts'
import type { ValidateRequest } from '../jobs/validate.ts'

async function inspect(request: { model: string }, work: WorkContext): Promise<Inspection> {
  const [{ inspect: report }, { describe }] = await Promise.all([
    import('../jobs/inspect.ts'),
    import('../jobs/describe.ts'),
  ])
  return { ...(await report(request, work)), pictures: await describe(request, work) }
}

async function activations(request: Parameters<typeof plotActivations>[0], work: WorkContext) {
  return await (await import('../jobs/plot-activations.ts')).plotActivations(request, work)
}

async function validate(request: ValidateRequest, work: WorkContext): Promise<Accuracy> {
  const [{ validate: run }, { picturesOf }] = await Promise.all([
    import('../jobs/validate.ts'),
    import('./engine-pictures.ts'),
  ])
  const report = await run(request, work)
  const pictures = await picturesOf(
    request.data,
    report.worst.map(({ index }) => index),
  )
  const worst = report.worst.map((sample, at) => ({ ...sample, picture: pictures[at] }))
  return { ...report, worst }
}

async function forecast(request: PlanRequest, work: WorkContext) {
  const { segments } = await (await import('../jobs/plan.ts')).plan(request, work)
  const [segment] = segments
  return { ...segment, edgeSeconds: segment.edgeSecondsOnTwoThreads }
}

/** Afterwards the bundle is read back and checked in the process of an edge. */
async function protect(request: ProtectRequest, work: WorkContext): Promise<Exported> {
  const result = await (await import('../jobs/protect.ts')).protect(request, work)
  const { verifyBundle } = await import('../jobs/edge-bundle.ts')
  const { bundleSha256, signer } = await verifyBundle({ bundle: result.bundle }, work)
  return { ...result, fileName: basename(result.bundle), bundleSha256, signer: signer?.fingerprint }
}

async function trial(request: TrialRequest, work: WorkContext): Promise<Comparison> {
  const [{ trial: run }, { picturesOf }] = await Promise.all([
    import('../jobs/trial.ts'),
    import('./engine-pictures.ts'),
  ])
  const result = await run(request, work)
  const pictures = await picturesOf(
    request.inputs[0].path,
    request.inputs.map(({ index }) => index),
  )
  return { ...result, samples: result.samples.map((sample, at) => ({ ...sample, picture: pictures[at] })) }
}

async function probe(request: ProbeRequest, work: WorkContext) {
  return await (await import('../jobs/probe.ts')).probe(request, work)
}

async function keys(request: KeysJobRequest, work: WorkContext) {
  return await (await import('./engine-keys.ts')).actOnKeys(request, work)
}

export const engineJobs = { inspect, activations, validate, forecast, protect, trial, probe, keys }
export type EngineJobName = keyof typeof engineJobs
export type EngineJobs = {
  [N in EngineJobName]: {
    request: Parameters<(typeof engineJobs)[N]>[0]
    result: Awaited<ReturnType<(typeof engineJobs)[N]>>
  }
}
