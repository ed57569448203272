/** Tests of a sealed network: what is tried is given by path or drawn, on the last trial's bundle or an exported one. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { encode } from 'fast-png'
import { UserError } from '../core/errors.ts'
import { present } from '../core/must.ts'
import type { WorkContext } from '../core/progress.ts'
import type { Tested, Trial } from '../ipc/results.ts'
import { openSamples, type PreprocessingChoice } from '../jobs/calibration.ts'
import { listKeys } from '../jobs/keys.ts'
import { labelsOfNetwork } from '../jobs/labels.ts'
import { openNetworkFile } from '../jobs/open-network.ts'
import { sealAndTry, sealedTrial, type SealAndTryRequest } from '../jobs/seal-and-try.ts'
import { tryBundle, type TryInput, type TryRequest, type TryResult } from '../jobs/try-bundle.ts'
import { picturesOf } from './engine-pictures.ts'

const mostShown = 60

interface InputsRequest {
  readonly model: string
  readonly preprocessing: PreprocessingChoice
  readonly classNames?: readonly string[]
  readonly data: string
  /** Where the data has none, or others. */
  readonly labels?: string
  /** The first so many, or as many as there are. */
  readonly count: number
}

type Which =
  { readonly trial: string } | { readonly keys: string; readonly deployment: string; readonly passphrase: string }

export type TrialJobRequest = Omit<SealAndTryRequest, 'inputs'> & InputsRequest
export type BatchJobRequest = Pick<TryRequest, 'model' | 'preprocessing' | 'threads'> & Which & InputsRequest
export type ProbeJobRequest = Pick<TryRequest, 'model' | 'preprocessing' | 'threads'> &
  Which & { readonly picture: { readonly width: number; readonly height: number; readonly values: readonly number[] } }

export async function trial(request: TrialJobRequest, work: WorkContext): Promise<Trial> {
  const inputs = await inputsOf(request, work)
  const { tested, ...sealed } = await sealAndTry({ ...request, threads: threadsOf(request), inputs }, work)
  return { ...sealed, tested: await withPictures(tested, request) }
}

export async function batch(request: BatchJobRequest, work: WorkContext): Promise<Tested> {
  const inputs = await inputsOf(request, work)
  return await withPictures(await run(request, inputs, work), request)
}

export async function probe(request: ProbeJobRequest, work: WorkContext): Promise<Tested> {
  const folder = await mkdtemp(join(tmpdir(), 'sealwright-probe-'))
  try {
    const path = join(folder, 'drawn.png')
    const { picture } = request
    await writeFile(path, encode({ ...picture, channels: 1, depth: 8, data: Uint8Array.from(picture.values) }))
    return await run(request, [{ path, index: 0 }], work)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function run(request: BatchJobRequest | ProbeJobRequest, inputs: TryInput[], work: WorkContext) {
  const { model, preprocessing } = request
  const threads = threadsOf(request)
  if ('trial' in request) {
    return await tryBundle({ ...(await sealedTrial(request.trial)), model, preprocessing, threads, inputs }, work)
  }
  const { keys, deployment, passphrase } = request
  const found = (await listKeys({ keys }, work)).find(({ id }) => id === deployment)
  const last = found?.bundles.at(-1)
  if (last === undefined) throw new UserError('unknown-deployment', 'The key store holds no such deployment.')
  const perNode = last.segments !== undefined && last.segments.length < present(found).segments
  const bundle = perNode ? dirname(last.path) : last.path
  const folder = await mkdtemp(join(tmpdir(), 'sealwright-test-'))
  try {
    const which = { bundle, keys, deployment, passphrase, folder }
    return await tryBundle({ ...which, model, preprocessing, threads, inputs }, work)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const threadsOf = ({ threads }: { readonly threads?: number }): number | undefined => threads || undefined

async function inputsOf(request: InputsRequest, work: WorkContext): Promise<TryInput[]> {
  const { data, count, preprocessing } = request
  const network = await openNetworkFile(request)
  const { source } = await openSamples({ path: data, preprocessing, purpose: 'test' }, network.model, work)
  const truths = await labelsOfNetwork(request, network, source)
  return Array.from({ length: Math.min(count, source.count) }, (_, index) => ({
    path: data,
    index,
    ...(truths && { truth: truths[index] }),
  }))
}

/** Those whose label changed first; pictures and scores of a thousand would only fill the window's memory. */
async function withPictures(
  tested: TryResult,
  { data, preprocessing }: Pick<InputsRequest, 'data' | 'preprocessing'>,
): Promise<Tested> {
  const changed = tested.samples.filter(({ original, encrypted }) => original !== encrypted)
  const rest = tested.samples.filter(({ original, encrypted }) => original === encrypted)
  const shown = [...changed, ...rest].slice(0, mostShown).map(({ index }) => index)
  const pictures = new Map((await picturesOf(data, preprocessing, shown)).map((picture, at) => [shown[at], picture]))
  const samples = tested.samples.map(({ scores, ...sample }) => {
    const picture = pictures.get(sample.index)
    return { ...sample, ...(picture && { picture, scores }) }
  })
  return { ...tested, samples }
}
