import type { WorkContext } from '../core/progress.ts'
import { trustArguments, type TrustRequest } from './edge-bundle.ts'
import { runEdge } from './edge-process.ts'

export interface EdgeEncryptRequest extends TrustRequest {
  readonly bundle: string
  readonly input: string
  /** Which sample of `input`. */
  readonly index: number
  readonly out: string
  readonly force: boolean
}

export interface EdgeEncryptResult {
  readonly job: string
  readonly bytes: number
}

/** Encrypts a sample once, in another process, for several nodes to compute on. @throws UserError input-in-the-clear, … */
export async function edgeEncrypt(request: EdgeEncryptRequest, work: WorkContext): Promise<EdgeEncryptResult> {
  const { bundle, input, index, out, force } = request
  const options = [`--input=${input}`, `--index=${index}`, `--out=${out}`, ...(force ? ['--force'] : [])]
  return await runEdge<EdgeEncryptResult>(['encrypt', bundle, ...options, ...trustArguments(request)], work)
}
