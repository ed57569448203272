/**
 * Sealwright for programs: what the commands of the same names do, without a process for each. Every function takes a
 * `WorkContext`, by which it reports what it does and can be cancelled; `silent` if neither is wanted. Their errors are
 * `UserError` (the caller can correct it: a code of docs/errors.md), `CancelledError` and `InternalError` (a fault of Sealwright).
 */
import { NO_PREPROCESSING } from '../core/bundle/preprocessing.ts'
import { silent, type WorkContext } from '../core/progress.ts'
import { Stopwatch } from '../core/stopwatch.ts'
import { Bundle, type Trust } from '../files/open-bundle.ts'
import { compile as compileNetwork, type CompiledNetwork, type CompileRequest } from '../jobs/compile.ts'
import { DEFAULTS } from '../jobs/defaults.ts'
import { decrypt as decryptResult, type DecryptRequest, type DecryptResult } from '../jobs/decrypt.ts'
import { edgeRun, type EdgeRunRequest, type EdgeRunResult } from '../jobs/edge-run.ts'
import { protect as protectNetwork, type ProtectRequest, type ProtectResult } from '../jobs/protect.ts'

export { CancelledError, InternalError, UserError } from '../core/errors.ts'
export { silent, type WorkContext } from '../core/progress.ts'
export type { Bundle, Trust } from '../files/open-bundle.ts'
export type { CompiledNetwork, CompileRequest } from '../jobs/compile.ts'
export type { DecryptRequest, DecryptResult } from '../jobs/decrypt.ts'
export type { EdgeRunRequest, EdgeRunResult } from '../jobs/edge-run.ts'
export type { ProtectRequest, ProtectResult } from '../jobs/protect.ts'

/** `T` with some of its fields left open. */
type Open<T, K extends keyof T> = Omit<T, K> & Partial<Pick<T, K>>

/** As the command line's: degree 2, an encrypted input, samples as they are stored. */
const usual = { degree: DEFAULTS.degree, input: DEFAULTS.input, preprocessing: NO_PREPROCESSING } as const

export type CompileOptions = Open<CompileRequest, keyof typeof usual>
export type ProtectOptions = Open<ProtectRequest, keyof typeof usual | 'force'>
export type RunOptions = Open<EdgeRunRequest, 'index' | 'force'>

/**
 * Reads, approximates and plans a network: every stage that needs no key.
 * @throws UserError what the stages say; CancelledError
 */
export async function compile(options: CompileOptions, work: WorkContext = silent): Promise<CompiledNetwork> {
  return await compileNetwork({ ...usual, ...options }, work, new Stopwatch(work))
}

/**
 * Encrypts a network's weights under a fresh key and writes a signed bundle. Nothing is left behind on failure.
 * @throws UserError what the stages say, keeps-too-little, output-exists, not-writable, disk-full; CancelledError
 */
export async function protect(options: ProtectOptions, work: WorkContext = silent): Promise<ProtectResult> {
  return await protectNetwork({ ...usual, force: false, ...options }, work)
}

/**
 * Opens a bundle and verifies every byte of it; `close()` gives its files back.
 * @throws UserError damaged-bundle, unsupported-bundle-version, unsigned-bundle, wrong-signer, bad-signature, file-not-found
 */
export async function openBundle(path: string, trust: Trust = {}): Promise<Bundle> {
  return await Bundle.open(path, trust)
}

/**
 * Computes one encrypted result in a separate process, which holds no secret.
 * @throws UserError damaged-bundle, wrong-shape, output-exists; CancelledError
 */
export async function runBundle(options: RunOptions, work: WorkContext = silent): Promise<EdgeRunResult> {
  return await edgeRun({ index: 0, force: false, ...options }, work)
}

/**
 * Opens an encrypted result with the owner's key, and tells what the deployment's policy reveals.
 * @throws UserError budget-spent, wrong-passphrase, damaged-result, result-of-another-bundle, deployment-revoked, file-not-found
 */
export async function decrypt(request: DecryptRequest, work: WorkContext = silent): Promise<DecryptResult> {
  return await decryptResult(request, work)
}
