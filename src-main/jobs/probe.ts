import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encode } from 'fast-png'
import type { Preprocessing } from '../core/bundle/preprocessing.ts'
import type { WorkContext } from '../core/progress.ts'
import { preprocess } from '../data/preprocess.ts'
import { openReference } from '../ort/reference.ts'
import { ResultOpener } from '../owner/decrypt.ts'
import { KeyStore } from '../owner/key-store.ts'
import { edgeRun } from './edge-run.ts'
import { openNetwork, type NetworkRequest } from './open-network.ts'
import { Stopwatch } from './stopwatch.ts'
import { readResult } from './trial.ts'

export interface ProbeRequest extends NetworkRequest {
  /** What `trial` left: `edge/` with the bundle, `owner/` with the keys. */
  readonly folder: string
  readonly preprocessing: Omit<Preprocessing, 'layout'>
  /** Gray, 0 to 255, row by row, of the network's size. */
  readonly picture: { readonly width: number; readonly height: number; readonly values: readonly number[] }
}

export interface ProbeResult {
  /** One score per label, by ONNX Runtime and by the encrypted network. */
  readonly original: readonly number[]
  readonly encrypted: readonly number[]
  /** Of the encrypted run, loading included. */
  readonly seconds: number
}

/** Computes one more picture on a bundle that was tried. @throws UserError wrong-shape and what edge and owner say */
export async function probe(request: ProbeRequest, work: WorkContext): Promise<ProbeResult> {
  const { folder, picture, preprocessing } = request
  const watch = new Stopwatch(work)
  const edge = join(folder, 'edge')
  const [input, out] = [join(edge, 'drawn.png'), join(edge, 'drawn.result')]
  const bundle = (await readdir(edge)).find((name) => name.endsWith('.sealed'))!
  await writeFile(input, encode({ ...picture, channels: 1, depth: 8, data: Uint8Array.from(picture.values) }))
  const run = { bundle: join(edge, bundle), input, index: 0, out, force: true }
  const { seconds } = await watch.time('run', () => edgeRun(run, work))
  const encrypted = await watch.time('decrypt', () => openExactly(join(folder, 'owner'), out))
  const original = await watch.time('compare', async () => {
    const model = await openNetwork(request)
    const reference = await openReference(request.model, model.input)
    try {
      const raw = Float64Array.from(picture.values)
      return Array.from(await reference.run(preprocess(raw, { ...preprocessing, layout: 'nchw' })))
    } finally {
      await reference.close()
    }
  })
  return { original, encrypted, seconds }
}

/** For the owner's own eyes: the keys of a trial are thrown away, and its results go nowhere else. */
async function openExactly(owner: string, result: string): Promise<number[]> {
  const store = new KeyStore(join(owner, 'keys'))
  const [deployment] = await store.list()
  const passphrase = (await readFile(join(owner, 'passphrase.txt'), 'utf8')).trim()
  const opener = await ResultOpener.load(store, deployment, 0, { passphrase })
  try {
    return Array.from(opener.open(await readResult(result)))
  } finally {
    opener.delete()
  }
}
