import type { WorkContext } from '../core/progress.ts'
import type { ApplyResult } from '../edge/apply-update.ts'
import { trustArguments, type TrustRequest } from './edge-bundle.ts'
import { runEdge } from './edge-process.ts'

export interface EdgeUpdateRequest extends Omit<TrustRequest, 'signature'> {
  readonly bundle: string
  readonly pack: string
  readonly out: string
  readonly force: boolean
}

/** Joins an update pack with the keys of a deployment's bundle. @throws UserError as the edge's `applyUpdate` */
export async function edgeUpdate(request: EdgeUpdateRequest, work: WorkContext): Promise<ApplyResult> {
  const { bundle, pack, out, force } = request
  const args = ['update', bundle, `--pack=${pack}`, `--out=${out}`, ...(force ? ['--force'] : [])]
  return await runEdge<ApplyResult>([...args, ...trustArguments(request)], work)
}
