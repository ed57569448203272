import { readdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { median } from '../core/numeric/median.ts'
import { stepCounter, throwIfCancelled, type WorkContext } from '../core/progress.ts'
import type { CutKind } from '../core/segment/cut.ts'
import { loadRunner, type RunnerOptions } from '../edge/load-runner.ts'
import { Bundle, type Trust } from '../files/open-bundle.ts'
import type { RunInput } from '../core/plan/check-input.ts'
import { ResultOpener } from '../owner/decrypt.ts'
import { refresh, Refresher } from '../owner/refresh.ts'
import { UnlockedKeyStore } from '../owner/unlocked-key-store.ts'
import { lastOf, present } from '../core/must.ts'
import { edgeRun } from './edge-run.ts'

/** One segment's part of an inference. */
export interface SegmentRun {
  readonly segment: number
  /** Starting and reading the bundle. */
  readonly loadSeconds: number
  /** Computing on one input. */
  readonly seconds: number
  /** What happens behind it; absent for the last segment. */
  readonly cut?: CutKind
  /** The owner's time at that cut, for one input. */
  readonly ownerSeconds?: number
  /** Of the ciphertexts that it returns. */
  readonly sentBytes: number
  /** Largest resident memory of its process. */
  readonly peakBytes: number
  /** Empty where the threads do not report theirs. */
  readonly layers: readonly { readonly name: string; readonly seconds: number }[]
}

export interface SegmentsRequest {
  /** One bundle with all segments, or a folder with one for each node. */
  readonly bundle: string
  readonly input: { readonly path: string; readonly index: number }
  /** Where the last segment's result goes; what travels between segments is put beside it. */
  readonly result: string
  /** Its secrets are opened once, for all runs that share it. */
  readonly keys: UnlockedKeyStore
  readonly threads?: number
  readonly memory?: string
}

/** One input through all segments of a network, each computed in a process of its own; the owner refreshes in between. */
export async function runSegments(request: SegmentsRequest, work: WorkContext): Promise<readonly SegmentRun[]> {
  const { result, keys, threads, memory } = request
  const runs: SegmentRun[] = []
  let next = request.input
  for (;;) {
    throwIfCancelled(work)
    const segment = runs.length
    const bundle = await bundleOf(request.bundle, segment)
    const out = `${result}.${segment}`
    const ran = await edgeRun({ bundle, input: next.path, index: next.index, out, threads, memory, force: true }, work)
    const { loadSeconds, runSeconds: seconds, resultBytes: sentBytes, peakBytes, layers, cut } = ran
    const run = { segment, loadSeconds, seconds, sentBytes, peakBytes, layers }
    if (cut === undefined) {
      await rename(out, result)
      return [...runs, run]
    }
    const startedMs = performance.now()
    next = { path: cut === 'hand-off' ? out : `${out}.refreshed`, index: 0 }
    if (cut !== 'hand-off') {
      work.progress({ kind: 'stage', stage: 'refresh' })
      await refresh({ result: out, keys, out: next.path, force: true })
    }
    runs.push({ ...run, cut, ownerSeconds: cut === 'hand-off' ? 0 : (performance.now() - startedMs) / 1000 })
  }
}

export interface InProcessRequest {
  readonly bundle: string
  readonly trust?: Trust
  readonly keys: string
  readonly passphrase: string
  readonly deployment: string
  readonly runner: RunnerOptions
}

/**
 * Preprocessed inputs through all segments, one segment after the other, in this process: for the owner's own comparisons. Outputs are exact
 * and must stay with the owner; seconds of segments are medians over the inputs.
 */
export async function runSegmentsInProcess(
  request: InProcessRequest,
  samples: readonly Float64Array[],
  work: WorkContext,
): Promise<{ readonly outputs: readonly Float64Array[]; readonly segments: readonly SegmentRun[] }> {
  const { passphrase, deployment: id } = request
  const keys = new UnlockedKeyStore(request.keys, { passphrase })
  const deployment = await keys.store.read(id)
  const step = stepCounter(work, 'run', deployment.segments * samples.length)
  const runs: SegmentRun[] = []
  let inputs: readonly RunInput[] = samples
  let results: (readonly Uint8Array[])[] = []
  for (let segment = 0; segment < deployment.segments; segment++) {
    const startedMs = performance.now()
    const bundle = await Bundle.open(await bundleOf(request.bundle, segment), request.trust)
    const identity = { deploymentId: id, bundleSha256: bundle.sha256, segment }
    try {
      const runner = await loadRunner(bundle, segment, request.runner)
      const loadedMs = performance.now()
      results = []
      try {
        const each: number[] = []
        for (const input of inputs) {
          throwIfCancelled(work)
          const begunMs = performance.now()
          results.push(await runner.run(input, { ...work, progress: () => {} }))
          each.push((performance.now() - begunMs) / 1000)
          step()
        }
        const seconds = median(each) ?? 0
        const layers = (runner.times?.layers ?? []).map(({ id: name, ms }) => ({ name, seconds: ms / 1000 }))
        const peakBytes = process.resourceUsage().maxRSS * 1024
        const sentBytes = present(results[0]).reduce((sum, { length }) => sum + length, 0)
        runs.push({ segment, loadSeconds: (loadedMs - startedMs) / 1000, seconds, sentBytes, peakBytes, layers })
      } finally {
        await runner.delete()
      }
    } finally {
      await bundle.close()
    }
    const cut = bundle.cutAfter(segment)
    inputs = results
    if (cut === undefined) break
    let ownerSeconds = 0
    if (cut !== 'hand-off') {
      const refresher = await Refresher.load(keys, deployment, segment)
      try {
        const openedMs = performance.now()
        inputs = results.map((ciphertexts) => refresher.refresh({ ...identity, ciphertexts }).ciphertexts)
        ownerSeconds = (performance.now() - openedMs) / 1000 / inputs.length
      } finally {
        refresher.delete()
      }
    }
    runs.push({ ...present(runs.pop()), cut, ownerSeconds })
  }
  const last = deployment.segments - 1
  const opener = await ResultOpener.load(keys, deployment, last)
  try {
    const identity = { deploymentId: id, bundleSha256: lastOf(deployment.bundles).sha256, segment: last }
    return { outputs: results.map((ciphertexts) => opener.open({ ...identity, ciphertexts })), segments: runs }
  } finally {
    opener.delete()
  }
}

/** In a folder of bundles for one node each, names sort as the segments do. */
export async function bundleOf(path: string, segment: number): Promise<string> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
  if (!isFolder) return path
  const bundles = (await readdir(path)).filter((name) => name.endsWith('.sealed')).sort()
  return join(path, bundles[segment] ?? '')
}
