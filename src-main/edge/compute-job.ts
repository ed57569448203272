import { randomBytes } from 'node:crypto'
import type { AuditCase, Opening } from '../core/bundle/audit-case.ts'
import { commitmentOf, type Receipt, type SeededInput } from '../core/bundle/receipt.ts'
import { encodeResult, type EncryptedResult } from '../core/bundle/result.ts'
import { familyOf } from '../core/plan/evaluator-kinds.ts'
import type { WorkContext } from '../core/progress.ts'
import { sha256 } from '../files/sha256.ts'
import { seeded, type RunnableBundle, type SegmentRunner } from './segment-runner.ts'

/** One segment's work on one input, and what its receipt says of where that came from. */
export interface Job {
  /** 32 hexadecimal digits. */
  readonly id: string
  readonly segment: number
  readonly input: SeededInput | readonly Uint8Array[]
  /** Of whoever encrypted a first input for others. */
  readonly commitment?: string
  /** Of the segments that handed the input on. */
  readonly receipts?: readonly Receipt[]
}

export interface ComputedJob {
  /** A result for the owner, or what is handed to the next segment. */
  readonly file: Uint8Array
  readonly receipt: Receipt
}

/** A job of the first segment, on values that are encrypted here. */
export function newJob(values: Float64Array): Job {
  const input = seeded(values)
  return { id: input.job, segment: 0, input }
}

/** A job on ciphertexts that others made; one that began without an id gets one. */
export const jobOn = (given: EncryptedResult): Job => ({
  id: given.job ?? randomBytes(16).toString('hex'),
  segment: given.segment,
  input: given.ciphertexts,
  ...(given.commitment !== undefined && { commitment: given.commitment }),
  ...(given.receipts && { receipts: given.receipts }),
})

/**
 * The job that an audit case opens, to be computed again; undefined where nothing can be. A first segment's ciphertexts prove
 * nothing, since they could be any of the bundle's: its values must be opened. Later segments have ciphertexts alone.
 */
export function jobOfCase({ receipt: { job, segment }, opening }: AuditCase): Job | undefined {
  if (!opening || (segment === 0) !== (opening.kind === 'values')) return undefined
  const input = opening.kind === 'values' ? { job, seed: opening.seed, values: opening.values } : opening.ciphertexts
  return { id: job, segment, input }
}

/** Throws what running a segment does. */
export async function computeJob(
  bundle: RunnableBundle,
  runner: SegmentRunner,
  job: Job,
  work: WorkContext,
): Promise<ComputedJob> {
  const { id, segment, input } = job
  const ciphertexts = await runner.run(input, work)
  const commitment = 'seed' in input ? commitmentOf(input, sha256) : job.commitment
  const receipt: Receipt = {
    version: 1,
    job: id,
    bundleSha256: bundle.sha256,
    segment,
    planSha256: bundle.planSha256(segment),
    evaluator: familyOf(runner.evaluator),
    inputs: runner.inputs,
    outputs: ciphertexts.map(sha256),
    ...(commitment !== undefined && { commitment }),
  }
  const { deploymentId } = bundle.manifest
  const receipts = [...(job.receipts ?? []), receipt]
  const identity = { deploymentId, bundleSha256: bundle.sha256, ciphertexts, job: id, receipts }
  const file =
    bundle.cutAfter(segment) === 'hand-off'
      ? encodeResult({ ...identity, segment: segment + 1 }, sha256, 'handed')
      : encodeResult({ ...identity, segment }, sha256)
  return { file, receipt }
}

/** The memory of its ciphertexts, where that holds nothing else: another thread can have it. */
export const ownBuffers = ({ input }: Job): ArrayBuffer[] =>
  'seed' in input
    ? []
    : input.flatMap(({ buffer, byteLength }) =>
        buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [],
      )

/** What an audit of the job is shown. */
export const openingOf = ({ input }: Job): Opening =>
  'seed' in input
    ? { kind: 'values', seed: input.seed, values: input.values }
    : { kind: 'ciphertexts', ciphertexts: input }
