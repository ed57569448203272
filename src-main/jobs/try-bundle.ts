import { present } from '../core/must.ts'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { stepCounter, throwIfCancelled, type WorkContext } from '../core/progress.ts'
import { ResultOpener } from '../owner/decrypt.ts'
import { UnlockedKeyStore } from '../owner/unlocked-key-store.ts'
import { ClearNetworks, type ClearRequest, type Compared } from './clear-networks.ts'
import { runSegments } from './run-segments.ts'
import { runServed, type ServedRun } from './run-served.ts'
import { Stopwatch } from '../core/stopwatch.ts'
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
  /** The network gives one quantity, and no label. */
  readonly isQuantity: boolean
  /** Of the last input, or the medians of a batch, segment by segment. */
  readonly segments: readonly ServedRun[]
  readonly loadSeconds: number
  readonly seconds: number
}

/** So many inputs are worth loading the bundle once for all. */
const LOADED_ONCE_FROM = 4

/**
 * Runs inputs through a bundle in other processes, which hold no secret, refreshes in this one where the bundle asks for
 * it, opens the results, and sets them beside the original network. For the owner's own eyes: scores are shown as they
 * are. @throws UserError what edge, owner and data say
 */
export async function tryBundle(request: TryRequest, work: WorkContext): Promise<TryResult> {
  const watch = new Stopwatch(work)
  const { bundle, keys, deployment, passphrase, inputs, threads } = request
  const unlocked = new UnlockedKeyStore(keys, { passphrase })
  const record = await unlocked.store.read(deployment)
  const { segments } = record
  /** In reverse order. */
  const leave: (() => unknown)[] = []
  try {
    const opener = await watch.time('decrypt', () => ResultOpener.load(unlocked, record, segments - 1))
    leave.push(() => opener.delete())
    const folder = await mkdtemp(join(request.folder, 'run-'))
    leave.push(() => rm(folder, { recursive: true, force: true }))
    const networks = await ClearNetworks.open(request)
    leave.push(() => networks.close())
    const { isQuantity } = networks
    const compare = async (at: number, values: Float64Array, result: string, seconds: number) => {
      const { index, truth } = present(inputs[at])
      const sealed = await readResult(result)
      const compared = await networks.compare(values, () => opener.open(sealed))
      return { index, ...(truth !== undefined && { truth }), ...compared, seconds }
    }
    if (inputs.length >= LOADED_ONCE_FROM) {
      const batch = { networks, compare, folder, keys: unlocked }
      return { ...(await tryServed(request, batch, work)), isQuantity, seconds: watch.seconds }
    }
    const samples: TriedSample[] = []
    let runs: readonly ServedRun[] = []
    for (const [at, input] of inputs.entries()) {
      throwIfCancelled(work)
      const { values } = await networks.read(input)
      const result = join(folder, `${at}.result`)
      const asked = { bundle, input, result, keys: unlocked, threads }
      runs = await watch.time('run', () => runSegments(asked, work))
      samples.push(await compare(at, values, result, total(runs.map((run) => run.seconds))))
    }
    const loadSeconds = total(runs.map((run) => run.loadSeconds))
    return { samples, isQuantity, segments: runs, loadSeconds, seconds: watch.seconds }
  } finally {
    for (const done of leave.reverse()) await done()
  }
}

interface Batch {
  readonly networks: ClearNetworks
  /** @param result - the file that holds it */
  readonly compare: (at: number, values: Float64Array, result: string, seconds: number) => Promise<TriedSample>
  readonly folder: string
  readonly keys: UnlockedKeyStore
}

/** All inputs through one segment after the other, each loaded once. */
async function tryServed(
  { bundle, deployment, inputs, threads }: TryRequest,
  { networks, compare, folder, keys }: Batch,
  work: WorkContext,
): Promise<Omit<TryResult, 'seconds' | 'isQuantity'>> {
  const asked = inputs.map((input, at) => ({
    read: async () => (await networks.read(input)).npy,
    result: join(folder, `${at}.result`),
  }))
  const ran = await runServed({ bundle, keys, deployment, threads }, asked, work)
  const step = stepCounter(work, 'compare', inputs.length)
  const samples: TriedSample[] = []
  for (const [at, input] of inputs.entries()) {
    throwIfCancelled(work)
    const { values } = await networks.read(input)
    samples.push(await compare(at, values, present(asked[at]).result, present(ran.seconds[at])))
    step()
  }
  return { samples, segments: ran.segments, loadSeconds: total(ran.segments.map((run) => run.loadSeconds)) }
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)
