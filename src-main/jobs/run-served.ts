import { present } from '../core/must.ts'
import { readFile, writeFile } from 'node:fs/promises'
import { encodeResult } from '../core/bundle/result.ts'
import { median } from '../core/numeric/median.ts'
import { stepCounter, throwIfCancelled, type WorkContext } from '../core/progress.ts'
import { CIPHERTEXTS_TYPE } from '../edge/serve/body.ts'
import { sha256 } from '../files/sha256.ts'
import { cutAfter } from '../owner/deployment.ts'
import { Refresher } from '../owner/refresh.ts'
import type { UnlockedKeyStore } from '../owner/unlocked-key-store.ts'
import { bundleOf, type SegmentRun } from './run-segments.ts'
import { ServedBundle, type EdgeUsage } from './served-bundle.ts'
import { readResult } from './trial.ts'

/** What is known of a segment that another process served: neither its memory nor its layers. */
export interface ServedRun extends Omit<SegmentRun, 'peakBytes'> {
  /** Of many inputs, the least that one took: what other work on the machine disturbs least. */
  readonly leastSeconds?: number
  /** Processor time of all threads for one of many inputs, on average over all but the first. */
  readonly cpuSeconds?: number
  /** Of its process, after the last input. */
  readonly residentBytes?: number
}

export interface ServedRequest {
  /** One bundle with all segments, or a folder with one for each node. */
  readonly bundle: string
  readonly keys: UnlockedKeyStore
  readonly deployment: string
  readonly threads?: number
}

/** One input of many. */
export interface ServedInput {
  /** The sample as .npy. */
  readonly read: () => Promise<Uint8Array>
  /** Where what was computed on it last is put; at the end the last segment's result. */
  readonly result: string
}

/**
 * Many inputs through a network, segment by segment: each is loaded once, by a process that has the bundle and no secret.
 * Between two segments the owner refreshes in this one. @returns each input's seconds of computing, and the segments
 * with medians over the inputs
 * @throws UserError what edge and owner say
 */
export async function runServed(
  { bundle, keys, deployment: id, threads }: ServedRequest,
  inputs: readonly ServedInput[],
  work: WorkContext,
): Promise<{ readonly seconds: readonly number[]; readonly segments: readonly ServedRun[] }> {
  const deployment = await keys.store.read(id)
  const step = stepCounter(work, 'batch', deployment.segments * inputs.length)
  const total = inputs.map(() => 0)
  const segments: ServedRun[] = []
  for (let segment = 0; segment < deployment.segments; segment++) {
    throwIfCancelled(work)
    work.progress({ kind: 'stage', stage: 'load' })
    const served = await ServedBundle.open(await bundleOf(bundle, segment), segment, threads, work)
    const each: number[] = []
    let [before, after] = [unknownUsage, unknownUsage]
    try {
      for (const [at, { read, result }] of inputs.entries()) {
        const seconds =
          segment === 0
            ? await served.run(await read(), 'application/x-npy', result, work)
            : await served.run(await readFile(result), CIPHERTEXTS_TYPE, result, work)
        total[at] = present(total[at]) + seconds
        each.push(seconds)
        // The first one is when the segment is loaded and the code becomes warm.
        if (at === 0) before = await served.usage()
        step()
      }
      after = await served.usage()
    } finally {
      await served.close()
    }
    const { loadSeconds } = served
    const [seconds, sentBytes] = [median(each) ?? 0, (await readFile(present(inputs[0]).result)).length]
    const cut = cutAfter(deployment, segment)
    const layers = deployment.segments > 1 ? [{ name: `node ${segment + 1}`, seconds }] : []
    const used = {
      leastSeconds: Math.min(...each),
      ...(each.length > 1 && { cpuSeconds: (after.cpuSeconds - before.cpuSeconds) / (each.length - 1) }),
      residentBytes: after.residentBytes,
    }
    const run = { segment, loadSeconds, seconds, ...used, sentBytes, layers, ...(cut && { cut }) }
    if (cut === 'refresh' || cut === 'exact') {
      const refresher = await Refresher.load(keys, deployment, segment)
      const ownerSeconds = await refreshAll(refresher, inputs, work).finally(() => refresher.delete())
      segments.push({ ...run, ownerSeconds })
    } else segments.push(run)
  }
  return { seconds: total, segments }
}

const unknownUsage: EdgeUsage = { cpuSeconds: 0, residentBytes: 0 }

/** @returns seconds for each, without loading the keys */
async function refreshAll(refresher: Refresher, inputs: readonly ServedInput[], work: WorkContext): Promise<number> {
  work.progress({ kind: 'stage', stage: 'refresh' })
  const startedMs = performance.now()
  for (const { result } of inputs) {
    throwIfCancelled(work)
    await writeFile(result, encodeResult(refresher.refresh(await readResult(result)), sha256, 'refreshed'))
  }
  return (performance.now() - startedMs) / 1000 / inputs.length
}
