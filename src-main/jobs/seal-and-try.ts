import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeScores } from '../core/onnx/write-onnx.ts'
import type { WorkContext } from '../core/progress.ts'
import { KeyStore } from '../owner/key-store.ts'
import type { CompileRequest } from './compile.ts'
import type { ProtectResult } from './protect.ts'
import { sealForTrial, trialFolders } from './seal-for-trial.ts'
import { Stopwatch } from '../core/stopwatch.ts'
import { present } from '../core/must.ts'
import { tryBundle, type TryInput, type TryRequest, type TryResult } from './try-bundle.ts'

export interface SealAndTryRequest extends CompileRequest {
  readonly inputs: readonly TryInput[]
  /** A folder that exists and is empty; it gets `owner/` and `edge/`. */
  readonly folder: string
  readonly threads?: number
}

export interface SealAndTryResult extends Omit<
  ProtectResult,
  'bundle' | 'bundles' | 'cuts' | 'deployment' | 'publicKey' | 'edgeSeconds' | 'budget'
> {
  readonly tested: TryResult
}

/** Beside the owner's keys: what the edge should compute. */
const POLYNOMIAL = 'polynomial.onnx'

/**
 * Seals a network under throw-away keys and runs a few inputs. The owner's files and the edge's are kept apart in
 * `folder`, with the passphrase beside the keys, for `sealedTrial`. @throws UserError what the stages say
 */
export async function sealAndTry(request: SealAndTryRequest, work: WorkContext): Promise<SealAndTryResult> {
  const watch = new Stopwatch(work)
  const { folder } = request
  const { owner, compiled, exported } = await sealForTrial(folder, request, work, watch)
  const polynomial = writeScores(compiled.polynomial)
  await writeFile(join(owner, POLYNOMIAL), polynomial, { mode: 0o600 })
  const tested = await tryBundle({ ...request, ...(await sealedTrial(folder)) }, work)
  const { bundleBytes, keyBytes, polyModulusDegree, logQP, original, droppedClamps, kept } = exported
  const figures = { bundleBytes, keyBytes, polyModulusDegree, logQP, original, droppedClamps, ...(kept && { kept }) }
  const { seconds, stages } = watch
  return { tested, ...figures, seconds, stages }
}

/** What `sealAndTry` left in `folder`, to try further inputs on. */
export async function sealedTrial(folder: string): Promise<Omit<TryRequest, 'model' | 'inputs' | 'preprocessing'>> {
  const { owner, edge, keys, passphraseFile } = trialFolders(folder)
  const { id } = present((await new KeyStore(keys).list())[0])
  const bundle = present((await readdir(edge)).find((name) => name.endsWith('.sealed')))
  const passphrase = (await readFile(passphraseFile, 'utf8')).trim()
  const polynomial = join(owner, POLYNOMIAL)
  return { bundle: join(edge, bundle), keys, deployment: id, passphrase, polynomial, folder: edge }
}
