import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { stepCounter, throwIfCancelled, type WorkContext } from '../core/progress.ts'
import { ResultOpener } from '../owner/decrypt.ts'
import { KeyStore } from '../owner/key-store.ts'
import { ClearNetworks, type ClearRequest, type Compared } from './clear-networks.ts'
import { runSegments, type SegmentRun } from './run-segments.ts'
import { ServedBundle } from './served-bundle.ts'
import { Stopwatch } from './stopwatch.ts'
import { readResult } from './trial.ts'

export interface TryInput {
  /** Samples, as `readSamples` takes them. */
  readonly path: string
  readonly index: number
  readonly truth?: number
}

export interface TryRequest extends ClearRequest {
  readonly bundle: string
  readonly keys: string
  readonly deployment: string
  readonly passphrase: string
  readonly inputs: readonly TryInput[]
  /** Where results are put for the moment; a folder that exists. */
  readonly folder: string
  readonly threads?: number
}

export interface TriedSample extends Compared {
  readonly index: number
  readonly truth?: number
  /** Of the edge's computing, without loading. */
  readonly seconds: number
}

export interface TryResult {
  readonly samples: readonly TriedSample[]
  /** Of the last input, segment by segment; empty where a server computed. */
  readonly segments: readonly SegmentRun[]
  readonly loadSeconds: number
  readonly seconds: number
}

/** More inputs than this are worth loading the bundle once for all. */
const SERVED_FROM = 4

/**
 * Runs inputs through a bundle in another process, opens the results, and sets them beside the original network. For the
 * owner's own eyes: scores are shown as they are. @throws UserError what edge, owner and data say
 */
export async function tryBundle(request: TryRequest, work: WorkContext): Promise<TryResult> {
  const watch = new Stopwatch(work)
  const { bundle, keys, deployment, passphrase, inputs, threads } = request
  const store = new KeyStore(keys)
  const record = await store.read(deployment)
  const { segments } = record
  /** In reverse order. */
  const leave: (() => unknown)[] = []
  try {
    const opener = await watch.time('decrypt', () => ResultOpener.load(store, record, segments - 1, { passphrase }))
    leave.push(() => opener.delete())
    const folder = await mkdtemp(join(request.folder, 'run-'))
    leave.push(() => rm(folder, { recursive: true, force: true }))
    const networks = await ClearNetworks.open(request)
    leave.push(() => networks.close())
    const isServed = inputs.length >= SERVED_FROM && segments === 1
    const served = isServed ? await watch.time('load', () => ServedBundle.open(bundle, threads, work)) : undefined
    if (served) leave.push(() => served.close())

    const samples: TriedSample[] = []
    const step = served && stepCounter(work, 'batch', inputs.length)
    let runs: readonly SegmentRun[] = []
    for (const [position, input] of inputs.entries()) {
      throwIfCancelled(work)
      const sample = await networks.read(input)
      const result = join(folder, `${position}.result`)
      let seconds: number
      if (served) seconds = await served.run(sample.npy, result, work)
      else {
        const asked = { bundle, input, result, keys, passphrase, threads }
        runs = await watch.time('run', () => runSegments(asked, work))
        seconds = total(runs.map((run) => run.seconds))
      }
      const compared = await networks.compare(sample.values, opener.open(await readResult(result)))
      const { index, truth } = input
      samples.push({ index, ...(truth !== undefined && { truth }), ...compared, seconds })
      step?.()
    }
    const loadSeconds = served?.loadSeconds ?? total(runs.map((run) => run.loadSeconds))
    return { samples, segments: runs, loadSeconds, seconds: watch.seconds }
  } finally {
    for (const done of leave.reverse()) await done()
  }
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)
