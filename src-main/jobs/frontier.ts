import type { Degree } from '../core/network/polynomial-model.ts'
import type { WorkContext } from '../core/progress.ts'
import { chooseDegrees, type FrontierPoint } from '../core/compile/choose-degrees.ts'
import { secondsEstimator } from '../core/compile/approximate-network.ts'
import { calibrate } from './calibration.ts'
import type { CompileRequest } from './compile.ts'
import { openNetwork } from './open-network.ts'
import { Stopwatch } from '../core/stopwatch.ts'

export interface FrontierResult {
  /** Calibration samples, of which a fifth judges. */
  readonly samples: number
  /** By depth; degrees are those of layers that are not 2. */
  readonly points: readonly (Omit<FrontierPoint, 'degrees'> & { readonly degrees: Readonly<Record<string, Degree>> })[]
  readonly seconds: number
}

/** What accuracy costs in depth and time: degree 2 everywhere, up to degree 8 everywhere. @throws UserError as `compile` */
export async function frontier(
  request: Pick<CompileRequest, 'model' | 'inputName' | 'outputName' | 'preprocessing' | 'maxSamples' | 'calibration'>,
  work: WorkContext,
): Promise<FrontierResult> {
  const watch = new Stopwatch(work)
  const opened = await watch.time('normalise', () => openNetwork(request))
  const { model, samples } = await watch.time('calibrate', () => calibrate(opened, request, work))
  const choice = { everything: true, estimateSeconds: secondsEstimator(samples) }
  const { frontier: tried } = await watch.time('approximate', () => chooseDegrees(model, samples, choice, work))
  const points = tried.map(({ degrees, seconds, ...point }) => ({
    ...point,
    degrees: Object.fromEntries(degrees),
    ...(seconds !== undefined && !Number.isNaN(seconds) && { seconds }),
  }))
  return { samples: samples.length, points, seconds: watch.seconds }
}
