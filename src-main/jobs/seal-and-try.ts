import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeOnnx } from '../core/onnx/write-onnx.ts'
import type { WorkContext } from '../core/progress.ts'
import { writeProblem } from '../files/write-atomically.ts'
import { KeyStore } from '../owner/key-store.ts'
import { compile, type CompileRequest } from './compile.ts'
import { networkName } from './open-network.ts'
import { exportCompiled, type ProtectResult } from './protect.ts'
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
  'bundle' | 'bundles' | 'cuts' | 'deployment' | 'publicKey' | 'budget'
> {
  readonly tested: TryResult
}

/**
 * Seals a network under throw-away keys and runs a few inputs. The owner's files and the edge's are kept apart in
 * `folder`, with the passphrase beside the keys, for `sealedTrial`. @throws UserError what the stages say
 */
export async function sealAndTry(request: SealAndTryRequest, work: WorkContext): Promise<SealAndTryResult> {
  const watch = new Stopwatch(work)
  const { folder, model } = request
  const [owner, edge] = [join(folder, 'owner'), join(folder, 'edge')]
  await mkdir(edge, { recursive: true }).catch((error: unknown) => {
    throw writeProblem(error, edge)
  })
  await mkdir(owner, { mode: 0o700 })
  const passphrase = randomBytes(24).toString('base64url')
  await writeFile(join(owner, 'passphrase.txt'), `${passphrase}\n`, { mode: 0o600 })
  const compiled = await compile(request, work, watch)
  const polynomial = writeOnnx({ ...compiled.polynomial, finish: 'none' })
  await writeFile(join(owner, 'polynomial.onnx'), polynomial, { mode: 0o600 })
  const out = join(edge, `${networkName(model)}.sealed`)
  const keys = join(owner, 'keys')
  const { bundleBytes, keyBytes, polyModulusDegree, logQP, original, droppedClamps } = await exportCompiled(
    { model, keys, out, force: false, passphrase },
    compiled,
    work,
    watch,
  )
  const tested = await tryBundle({ ...request, ...(await sealedTrial(folder)) }, work)
  const { seconds, stages } = watch
  return { tested, bundleBytes, keyBytes, polyModulusDegree, logQP, original, droppedClamps, seconds, stages }
}

/** What `sealAndTry` left in `folder`, to try further inputs on. */
export async function sealedTrial(folder: string): Promise<Omit<TryRequest, 'model' | 'inputs' | 'preprocessing'>> {
  const [owner, edge] = [join(folder, 'owner'), join(folder, 'edge')]
  const keys = join(owner, 'keys')
  const [{ id }] = await new KeyStore(keys).list()
  const bundle = present((await readdir(edge)).find((name) => name.endsWith('.sealed')))
  const passphrase = (await readFile(join(owner, 'passphrase.txt'), 'utf8')).trim()
  const polynomial = join(owner, 'polynomial.onnx')
  return { bundle: join(edge, bundle), keys, deployment: id, passphrase, polynomial, folder: edge }
}
