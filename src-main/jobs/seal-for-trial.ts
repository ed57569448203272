import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { WorkContext } from '../core/progress.ts'
import type { Stopwatch } from '../core/stopwatch.ts'
import { writeProblem } from '../files/write-atomically.ts'
import { compile, type CompiledNetwork, type CompileRequest } from './compile.ts'
import { networkName } from './open-network.ts'
import { exportCompiled, type ProtectResult } from './protect.ts'

/** Where a trial keeps what is the owner's and what is the edge's. */
export interface TrialFolders {
  /** Holds the key store and, beside it, its passphrase. */
  readonly owner: string
  readonly edge: string
  readonly keys: string
  readonly passphraseFile: string
}

export interface SealedForTrial extends TrialFolders {
  readonly bundle: string
  readonly passphrase: string
  readonly compiled: CompiledNetwork
  readonly exported: ProtectResult
}

/** The folders of a trial in `folder`. */
export function trialFolders(folder: string): TrialFolders {
  const [owner, edge] = [join(folder, 'owner'), join(folder, 'edge')]
  return { owner, edge, keys: join(owner, 'keys'), passphraseFile: join(owner, 'passphrase.txt') }
}

/**
 * Compiles a network and seals it under throw-away keys, in a folder that exists and is empty.
 * @throws UserError what the stages say
 */
export async function sealForTrial(
  folder: string,
  request: CompileRequest,
  work: WorkContext,
  watch: Stopwatch,
): Promise<SealedForTrial> {
  const folders = trialFolders(folder)
  await mkdir(folders.edge, { recursive: true }).catch((error: unknown) => {
    throw writeProblem(error, folders.edge)
  })
  await mkdir(folders.owner, { mode: 0o700 })
  const passphrase = randomBytes(24).toString('base64url')
  await writeFile(folders.passphraseFile, `${passphrase}\n`, { mode: 0o600 })
  const compiled = await compile(request, work, watch)
  const bundle = join(folders.edge, `${networkName(request.model)}.sealed`)
  const sealing = { ...request, keys: folders.keys, out: bundle, force: false, passphrase }
  return { ...folders, bundle, passphrase, compiled, exported: await exportCompiled(sealing, compiled, work, watch) }
}
