/** The jobs an engine process can run: those of jobs/, and what the window wants to see beside them. */
import type { WorkContext } from '../core/progress.ts'
import { readSamples } from '../data/read-samples.ts'
import type { Comparison, Inspection, PictureView } from '../ipc/jobs.ts'
import { describe } from '../jobs/describe.ts'
import { plotActivations } from '../jobs/plot-activations.ts'
import type { ProbeRequest } from '../jobs/probe.ts'
import type { TrialRequest } from '../jobs/trial.ts'
import { inspect as inspectNetwork } from '../jobs/inspect.ts'

async function inspect(request: { model: string }, work: WorkContext): Promise<Inspection> {
  const [report, pictures] = [await inspectNetwork(request, work), await describe(request, work)]
  return { ...report, pictures }
}

async function activations(request: Parameters<typeof plotActivations>[0], work: WorkContext) {
  return await plotActivations(request, work)
}

async function trial(request: TrialRequest, work: WorkContext): Promise<Comparison> {
  // Loaded when needed: cryptography and ONNX Runtime take longer to load than a small network to inspect.
  const { trial: runTrial } = await import('../jobs/trial.ts')
  const result = await runTrial(request, work)
  const pictures = await Promise.all(request.inputs.map(({ path, index }) => pictureOf(path, index)))
  return { ...result, samples: result.samples.map((sample, at) => ({ ...sample, picture: pictures[at] })) }
}

async function probe(request: ProbeRequest, work: WorkContext) {
  const { probe: runProbe } = await import('../jobs/probe.ts')
  return await runProbe(request, work)
}

/** One sample as something to look at: its own smallest value black, its largest white. */
async function pictureOf(path: string, index: number): Promise<PictureView> {
  const source = await readSamples(path, { index })
  const [channels, height, width] = source.shape
  const raw = source.sample(0)
  const [least, most] = [Math.min(...raw), Math.max(...raw)]
  const shown = channels === 3 ? 3 : 1
  const pixels = height * width
  const values = Array.from({ length: pixels * shown }, (_, at) => {
    const value = raw[(at % shown) * pixels + Math.floor(at / shown)]
    return most > least ? Math.round((255 * (value - least)) / (most - least)) : 0
  })
  return { width, height, channels: shown, values }
}

export const engineJobs = { inspect, activations, trial, probe } satisfies Record<
  string,
  (request: never, work: WorkContext) => unknown
>
export type EngineJobName = keyof typeof engineJobs
export type EngineJobs = {
  [N in EngineJobName]: {
    request: Parameters<(typeof engineJobs)[N]>[0]
    result: Awaited<ReturnType<(typeof engineJobs)[N]>>
  }
}
