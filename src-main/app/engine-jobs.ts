/**
 * The jobs an engine process can run: those of jobs/, and what the window wants to see beside them. Cryptography and ONNX
 * Runtime take longer to load than a small network to inspect, so they are loaded when needed.
 */
import type { WorkContext } from '../core/progress.ts'

/** A job whose module is loaded when it is asked for. */
const lazily =
  <Q, R>(load: () => Promise<(request: Q, work: WorkContext) => Promise<R>>) =>
  async (request: Q, work: WorkContext): Promise<R> =>
    await (
      await load()
    )(request, work)

export const engineJobs = {
  inspect: lazily(async () => (await import('./engine-inspect.ts')).inspectForWindow),
  activations: lazily(async () => (await import('../jobs/plot-activations.ts')).plotActivations),
  advise: lazily(async () => (await import('./engine-advise.ts')).adviseForWindow),
  validate: lazily(async () => (await import('./engine-validate.ts')).validateForWindow),
  look: lazily(async () => (await import('./engine-data.ts')).look),
  original: lazily(async () => (await import('./engine-data.ts')).tryFeeds),
  plan: lazily(async () => (await import('./engine-splits.ts')).splitPlan),
  proposals: lazily(async () => (await import('./engine-splits.ts')).proposals),
  protect: lazily(async () => (await import('./engine-export.ts')).protectForWindow),
  trial: lazily(async () => (await import('./engine-tests.ts')).trial),
  probe: lazily(async () => (await import('./engine-tests.ts')).probe),
  batch: lazily(async () => (await import('./engine-tests.ts')).batch),
  keys: lazily(async () => (await import('./engine-keys.ts')).actOnKeys),
  result: lazily(async () => (await import('./engine-keys.ts')).openResult),
  audit: lazily(async () => (await import('./engine-keys.ts')).readAudit),
  bundle: lazily(async () => (await import('./engine-export.ts')).describeForWindow),
}
export type EngineJobName = keyof typeof engineJobs
export type EngineJobs = {
  [N in EngineJobName]: {
    request: Parameters<(typeof engineJobs)[N]>[0]
    result: Awaited<ReturnType<(typeof engineJobs)[N]>>
  }
}
