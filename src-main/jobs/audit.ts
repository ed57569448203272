import { agree } from '../core/bundle/audit-case.ts'
import { decodeResult, MAX_RESULT_BYTES } from '../core/bundle/result.ts'
import { UserError } from '../core/errors.ts'
import type { WorkContext } from '../core/progress.ts'
import type { ReplayResult } from '../audit/replay.ts'
import { readBytes } from '../files/read-file.ts'
import { sha256 } from '../files/sha256.ts'
import { trustArguments, type TrustRequest } from './edge-bundle.ts'
import { runAuditor } from './edge-process.ts'
import type { ListenRequest } from './listen.ts'

export type { ReplayResult }

export interface AuditServeRequest extends TrustRequest, ListenRequest {
  /** One with all segments, or those of the nodes of one deployment. */
  readonly bundles: readonly string[]
  readonly threads?: number
  /** Cases that may wait or run; more are refused at once. */
  readonly queue: number
}

/** A case may be computed for so long after the server is told to stop. */
const GRACE_MS = 120_000

/** Audits jobs over HTTP, from another process, until the work is cancelled. @throws UserError what listening says */
export async function auditServe(
  request: AuditServeRequest,
  work: WorkContext,
  onUrl: (url: string) => void,
): Promise<{ closed: true }> {
  const values = {
    host: request.host,
    port: request.port,
    queue: request.queue,
    threads: request.threads,
    'tls-cert': request.tlsCert,
    'tls-key': request.tlsKey,
    'token-file': request.tokenFile,
  }
  const given = Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]))
  const args = ['serve', ...request.bundles, ...given, ...trustArguments(request)]
  return await runAuditor(args, work, { onUrl, graceMs: GRACE_MS })
}

export interface AuditReplayRequest extends TrustRequest {
  readonly evidence: string
  readonly bundle: string
  readonly threads?: number
}

/** Computes a job again, in another process. @throws UserError damaged-case, audit-of-another-bundle, … */
export async function auditReplay(request: AuditReplayRequest, work: WorkContext): Promise<ReplayResult> {
  const { evidence, bundle, threads } = request
  return await runAuditor<ReplayResult>(
    [
      ...['replay', evidence, `--bundle=${bundle}`],
      ...(threads === undefined ? [] : [`--threads=${threads}`]),
      ...trustArguments(request),
    ],
    work,
  )
}

export interface CompareResult {
  readonly job: string
  readonly segment: number
  readonly agrees: boolean
}

/** Whether two nodes gave the same result for the same input. @throws UserError damaged-result, not-comparable */
export async function auditCompare(paths: readonly [string, string]): Promise<CompareResult> {
  const [one, other] = await Promise.all([lastReceipt(paths[0]), lastReceipt(paths[1])])
  const agrees = agree(one, other)
  if (agrees === undefined) throw notComparable('they are not of the same segment and input')
  return { job: one.job, segment: one.segment, agrees }
}

/** Of the last segment that a result has gone through. */
async function lastReceipt(path: string) {
  const { receipts = [], ciphertexts } = decodeResult(await readBytes(path, MAX_RESULT_BYTES), sha256)
  const receipt = receipts.at(-1)
  if (!receipt) throw notComparable(`${path} carries no receipt`)
  return { ...receipt, outputs: ciphertexts.map(sha256) }
}

const notComparable = (reason: string): UserError =>
  new UserError('not-comparable', `The results cannot be compared: ${reason}.`, {
    hint: 'Encrypt the input once (edge encrypt) and give the same file to both nodes.',
  })
