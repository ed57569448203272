import { commitmentOf, decodeValues, encodeValues, type SeededInput } from '../../core/bundle/receipt.ts'
import { decodeResult, encodeResult, isKind, type EncryptedResult } from '../../core/bundle/result.ts'
import { UserError } from '../../core/errors.ts'
import type { Plan } from '../../core/plan/plan.ts'
import { sha256 } from '../../files/sha256.ts'
import { jobOn, type Job } from '../compute-job.ts'
import { loadInputEncryptor } from '../input-encryptor.ts'
import type { InputEncryptor } from '../saved-inputs.ts'
import type { Bundle } from '../../files/open-bundle.ts'
import { checkSegmentInput, seeded } from '../segment-runner.ts'

const notOurs = (): UserError =>
  new UserError('input-of-another-bundle', 'The input was made for another deployment or segment.')

/**
 * What travels as a segment's input, under a job's id: a file of ciphertexts for it, or, where the plan takes its input in
 * the clear, the preprocessed values as little-endian float64.
 * @throws UserError input-of-another-bundle, damaged-result, wrong-shape, input-out-of-range
 */
export function decodeTaskInput(bytes: Uint8Array, id: string, bundle: Bundle, segment: number, plan: Plan): Job {
  const job: Job =
    plan.input.mode === 'plain'
      ? { id, segment, input: { ...seeded(readValues(bytes)), job: id } }
      : jobOn(readCiphertexts(bytes, id, bundle, segment))
  checkSegmentInput(plan, job.input)
  return job
}

function readCiphertexts(bytes: Uint8Array, id: string, { manifest }: Bundle, segment: number): EncryptedResult {
  const kind = segment > 0 && manifest.cuts[segment - 1] === 'hand-off' ? 'handed' : 'refreshed'
  if (isKind(bytes, kind === 'handed' ? 'refreshed' : 'handed')) throw notOurs()
  const file = decodeResult(bytes, sha256, kind)
  if (file.deploymentId !== manifest.deploymentId || file.segment !== segment || (file.job ?? id) !== id)
    throw notOurs()
  return { ...file, job: id }
}

function readValues(bytes: Uint8Array): Float64Array {
  const values = decodeValues(bytes)
  if (!values) throw notOurs()
  return values
}

/** Makes first segments' inputs of preprocessed values; it holds public keys only. */
export class InputEncoder {
  readonly plan: Plan
  readonly #bundle: Bundle
  readonly #encryptor: InputEncryptor | undefined

  private constructor(plan: Plan, bundle: Bundle, encryptor?: InputEncryptor) {
    this.plan = plan
    this.#bundle = bundle
    this.#encryptor = encryptor
  }

  /** The bundle may be closed afterwards. @throws UserError segment-elsewhere, damaged-bundle */
  static async load(bundle: Bundle): Promise<InputEncoder> {
    const plan = await bundle.plan(bundle.segment(0))
    return new InputEncoder(plan, bundle, plan.input.mode === 'plain' ? undefined : await loadInputEncryptor(bundle, 0))
  }

  /** Values get a seed and a job unless they have them. @throws UserError wrong-shape, input-out-of-range */
  encode(given: Float64Array | SeededInput): Uint8Array {
    checkSegmentInput(this.plan, given)
    const input = seeded(given)
    if (!this.#encryptor) return encodeValues(input.values)
    const { manifest, sha256: bundleSha256 } = this.#bundle
    const { deploymentId } = manifest
    const { job } = input
    const ciphertexts = this.#encryptor.encrypt(input)
    const commitment = commitmentOf(input, sha256)
    return encodeResult({ deploymentId, bundleSha256, segment: 0, ciphertexts, job, commitment }, sha256, 'refreshed')
  }

  async delete(): Promise<void> {
    await this.#encryptor?.close()
  }
}
