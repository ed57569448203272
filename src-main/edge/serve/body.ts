import type { AuditCase } from '../../core/bundle/audit-case.ts'
import type { Preprocessing } from '../../core/bundle/preprocessing.ts'
import type { Shape } from '../../core/network/layer-model.ts'
import { SAMPLE_TYPES, type SampleType } from '../../data/sample-from-bytes.ts'
import type { GivenInput } from '../read-ciphertexts.ts'

/** A refreshed or handed file, for a segment after the first, an encrypted input, or an audit case. */
export const CIPHERTEXTS_TYPE = 'application/octet-stream'

/** Media types that a request's body may have. */
export const BODY_TYPES = [...(Object.keys(SAMPLE_TYPES) as SampleType[]), CIPHERTEXTS_TYPE] as const
export type BodyType = (typeof BODY_TYPES)[number]

/** A body, and how the bundle wants samples read. */
export interface Body {
  readonly bytes: Uint8Array
  readonly type: BodyType
  readonly shape: Shape
  readonly preprocessing: Preprocessing
}

/** A preprocessed sample, ciphertexts, or a job to be computed again. */
export type Parsed = Float64Array | GivenInput | AuditCase
