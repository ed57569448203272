import type { AuditCase } from '../../core/bundle/audit-case.ts'
import { fillBatch } from '../../core/plan/packing.ts'
import { UserError } from '../../core/errors.ts'
import { present } from '../../core/must.ts'
import { sizeOf } from '../../core/network/layer-model.ts'
import type { Plan } from '../../core/plan/plan.ts'
import type { Bundle } from '../../files/open-bundle.ts'
import { checkGiven } from '../read-ciphertexts.ts'
import { jobOfCase, jobOn, newJob, type Job } from '../compute-job.ts'
import { checkSegmentInput } from '../segment-runner.ts'
import { BODY_TYPES, CIPHERTEXTS_TYPE, type BodyType } from './body.ts'
import type { BodyReader } from './body-reader.ts'

/** @throws UserError unsupported-media-type */
export function bodyTypeOf(contentType = ''): BodyType {
  const [given = ''] = contentType.split(';').map((part) => part.trim().toLowerCase())
  const type = BODY_TYPES.find((known) => known === given)
  if (type) return type
  throw new UserError('unsupported-media-type', `Send ${BODY_TYPES.join(', ')}.`)
}

/** A job that somebody else has computed, to compare. */
export interface Replay extends Job {
  readonly isReplay: true
}

/** Turns bodies into jobs for the segments of a bundle. */
export class RequestReader {
  readonly #bundle: Bundle
  /** Of the segments that are served. */
  readonly #plans: ReadonlyMap<number, Plan>
  readonly #bodies: BodyReader

  constructor(bundle: Bundle, plans: ReadonlyMap<number, Plan>, bodies: BodyReader) {
    this.#bodies = bodies
    this.#bundle = bundle
    this.#plans = plans
  }

  /** A float64 array with its header, or a picture of any sensible kind; uncompressed ciphertexts. */
  maxBytes(type: BodyType): number {
    const sizes = [...this.#plans.values()].map(({ input, parameters }) =>
      type === CIPHERTEXTS_TYPE
        ? input.sources.length * (16 * parameters.polyModulusDegree * input.primes + 1024)
        : 8 * sizeOf(input.shape) + 4096,
    )
    return Math.max(...sizes, 2 ** 20)
  }

  /**
   * Bytes from outside are read in a thread of their own, which ends with them.
   * @throws UserError unreadable-sample, busy, damaged-result, segment-elsewhere, input-of-another-bundle and what reading samples says
   */
  async read(type: BodyType, bytes: Uint8Array): Promise<Job | Replay> {
    const { preprocessing } = this.#bundle.manifest
    const first = type === CIPHERTEXTS_TYPE ? undefined : this.#plan(0)
    const parsed = await this.#bodies.read({ bytes, type, shape: first?.input.shape ?? [1, 1, 1], preprocessing })
    if (parsed instanceof Float64Array) return newJob(fillBatch(present(first), parsed))
    if ('receipt' in parsed) return this.#again(parsed)
    checkGiven(parsed, this.#bundle)
    this.#plan(parsed.input.segment)
    return jobOn(parsed.input)
  }

  #again(given: AuditCase): Replay {
    const { bundleSha256, segment } = given.receipt
    const job = jobOfCase(given)
    if (bundleSha256 !== this.#bundle.sha256 || !job) {
      throw new UserError('input-of-another-bundle', 'The audit case is of another bundle, or opens nothing.')
    }
    checkSegmentInput(this.#plan(segment), job.input)
    return { ...job, isReplay: true }
  }

  #plan(segment: number): Plan {
    this.#bundle.segment(segment)
    const plan = this.#plans.get(segment)
    if (plan) return plan
    throw new UserError('segment-elsewhere', `Segment ${segment + 1} is not served here.`)
  }
}
