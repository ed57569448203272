import { present } from '../core/must.ts'
import type { Preprocessing } from '../core/bundle/preprocessing.ts'
import {
  approximateModel,
  compile as compileModel,
  planModel,
  type CompileChoice,
  type CompileHost,
} from '../core/compile/compile.ts'
import type { DroppedClamp, LayerModel } from '../core/network/layer-model.ts'
import type { PolynomialModel } from '../core/network/polynomial-model.ts'
import type { WorkContext } from '../core/progress.ts'
import type { PlannedSegments } from '../core/segment/plan-segments.ts'
import type { Stopwatch } from '../core/stopwatch.ts'
import type { Kept } from '../core/validate/kept.ts'
import type { Flooding } from '../owner/flood.ts'
import { approximateAndKeep, type KeptApproximateChoice } from './approximate-and-keep.ts'
import { CalibrationData, type CalibrationDataRequest, type CheckedOriginal } from './calibration-data.ts'
import { openNetworkFile, type NetworkFile } from './open-network.ts'
import { planForScores } from './plan-for-scores.ts'

/** Calibration needs no labels: docs/data.md lists what it may be. */
export interface CompileRequest extends KeptApproximateChoice, CompileChoice, CalibrationDataRequest {
  /** Scores that will be released, at most: the plan is made precise enough for them. */
  readonly releases?: number
}

/** A network and its polynomials: all that accuracy needs. */
export interface ApproximatedNetwork extends NetworkFile {
  readonly droppedClamps: readonly DroppedClamp[]
  readonly model: LayerModel
  readonly polynomial: PolynomialModel
  readonly samples: readonly Float64Array[]
  /** Those of the samples that the fit has seen. */
  readonly fitted: readonly Float64Array[]
  readonly preprocessing: Preprocessing
  readonly original: CheckedOriginal
  /** On calibration samples that the fit has not seen; absent where there were fewer than five, or ten of a network of quantities. */
  readonly kept?: Kept
}

/** A network after every stage that needs no key. */
export interface CompiledNetwork extends PlannedSegments, Omit<ApproximatedNetwork, 'samples' | 'fitted'> {
  /** A typical input, preprocessed. */
  readonly typical: Float64Array
  /** How scores are flooded, where the plan was made for them. */
  readonly flooding?: Flooding
}

/** Reads, normalises, approximates and plans: core/compile with files around it. @throws UserError what the stages say; as `accept` */
export async function compile(
  request: CompileRequest,
  work: WorkContext,
  watch: Stopwatch,
  accept?: CompileHost['accept'],
): Promise<CompiledNetwork> {
  const opened = await watch.time('normalise', () => openNetworkFile(request))
  return await compileOpened(request, opened, work, watch, accept)
}

/** The stages behind reading, for those who look at the network first. @throws UserError as `compile` */
export async function compileOpened(
  request: CompileRequest,
  opened: NetworkFile,
  work: WorkContext,
  watch: Stopwatch,
  accept?: CompileHost['accept'],
): Promise<CompiledNetwork> {
  const data = new CalibrationData(opened, request, work)
  const {
    samples,
    fitted: _,
    ...compiled
  } = await compileModel(opened.model, request, { ...hostFor(request, data, work, watch), accept })
  return { ...opened, ...compiled, ...data.settled, typical: present(samples[0]) }
}

/** Calibrates and approximates a network that was read. @throws UserError what the stages say */
export async function approximateOpened(
  request: Omit<CompileRequest, 'input'>,
  opened: NetworkFile,
  work: WorkContext,
  watch: Stopwatch,
): Promise<ApproximatedNetwork> {
  const data = new CalibrationData(opened, request, work)
  const approximated = await approximateModel(opened.model, request, hostFor(request, data, work, watch))
  return { ...opened, ...approximated, ...data.settled }
}

/** Plans what was approximated. @throws UserError what the stages say */
export async function planApproximated(
  request: CompileRequest,
  { samples, fitted: _, ...approximated }: ApproximatedNetwork,
  work: WorkContext,
  watch: Stopwatch,
): Promise<CompiledNetwork> {
  const host = hostFor(request, new CalibrationData(approximated, request, work), work, watch)
  const planned = await planModel({ ...approximated, samples }, request, host)
  return { ...approximated, ...planned, typical: present(samples[0]) }
}

function hostFor(
  { fits, keptOnly, releases }: Pick<CompileRequest, 'fits' | 'keptOnly' | 'releases'>,
  data: CalibrationData,
  work: WorkContext,
  watch: Stopwatch,
): CompileHost {
  return {
    work,
    time: (stage, run) => watch.time(stage, run),
    samples: () => data.read(),
    approximate: (model, samples, choice, listening) =>
      approximateAndKeep(model, samples, { ...choice, fits, keptOnly, trueClasses: data.labels }, listening),
    ...(releases !== undefined && {
      replan: (plan, typical, finishing) => planForScores(plan, releases, typical, finishing),
    }),
  }
}
