import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encode } from 'fast-png'
import type { Preprocessing } from '../core/bundle/preprocessing.ts'
import type { WorkContext } from '../core/progress.ts'
import { preprocess } from '../data/preprocess.ts'
import { openReference } from '../ort/reference.ts'
import { decrypt } from './decrypt.ts'
import { edgeRun } from './edge-run.ts'
import { openNetwork, type NetworkRequest } from './open-network.ts'
import { Stopwatch } from './stopwatch.ts'

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
  const passphrase = (await readFile(join(folder, 'owner', 'passphrase.txt'), 'utf8')).trim()
  const revealed = await decrypt(
    { result: out, keys: join(folder, 'owner', 'keys'), passphrase, reveal: { mode: 'scores' } },
    work,
  )
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
  return { original, encrypted: revealed.scores!, seconds }
}
