import type { LayerId } from '../network/layer-model.ts'
import type { Degree } from '../network/polynomial-model.ts'
import type { Labels } from '../tune/true-classes.ts'
import type { TuningEpochs } from '../tune/schedule.ts'
import type { FitOptions } from './fit-channel.ts'

export interface ApproximationOptions {
  /** Of every activation. */
  readonly degree: Degree
  /** Degrees of single layers, by the id of the activation (or of the max-pool that stands alone). */
  readonly degrees?: Degrees
  /** Change linear maps around the activations; on unless false. */
  readonly refit?: boolean
  /** Epochs of tuning all weights towards the original's outputs, none where `refit` is false. */
  readonly tuningEpochs?: TuningEpochs
  /** Take max-pools apart into maxima of rows and columns: closer, and a squaring deeper. */
  readonly splitPools?: boolean
  /** Also fit to slightly distorted copies of the samples, where they are images; on unless false. */
  readonly distort?: boolean
  /** True classes of the samples: tuning puts right what the original gets wrong of them. */
  readonly labels?: Labels
  readonly fit?: Partial<Omit<FitOptions, 'degree'>>
}

/** Of one layer: 'exact' keeps the original, for the owner to compute where the ciphertexts are refreshed. */
export type Degrees = ReadonlyMap<LayerId, Degree | 'exact'>

/** Activations that stay as they are, for the owner to apply. */
export const exactLayersOf = ({ degrees }: Pick<ApproximationOptions, 'degrees'>): ReadonlySet<LayerId> =>
  new Set([...(degrees ?? [])].flatMap(([id, degree]) => (degree === 'exact' ? [id] : [])))
