import {
  addCombination,
  cholesky,
  everyRow,
  grammian,
  matrix,
  standardise,
  substituteBoth,
  timesVector,
} from '../numeric/matrix.ts'
import type { Matrix } from '../numeric/matrix.ts'

/** A change of one row's weights (standardised features) and bias, and what it does to the row's value at each place. */
export interface Direction {
  readonly weights: Float64Array
  readonly bias: number
  readonly change: Float64Array
}

/** The sum of the steps taken. */
export interface Taken {
  readonly weights: Float64Array
  bias: number
  add(direction: Direction, step: number): void
  copy(): Taken
}

export interface Descent {
  begin(): Taken
  /**
   * The quasi-Newton step, from what is taken, against Σ residual² on the kept rows and the penalty on the change;
   * d(value)/d(weights) is slope × features.
   */
  direction(taken: Taken, residuals: Float64Array, slopes: Float64Array): Direction | undefined
  /** The penalty on a change, in units of the squared residuals where slopes are as given. */
  penalty(taken: Taken, slopes: Float64Array): number
  /** In terms of the features as given. */
  unscaled(taken: Taken): { weights: Float64Array; bias: number }
}

/** Ridge penalty on the whole change, per row and unit of standardised weight: more where features are many for the rows. */
const penaltyOf = (features: number, rows: number): number => Math.max(0.003, features / rows)

/** Steps in the metric of the features (standardised in place); undefined where there are more features than rows. */
export function descent(features: Matrix, heldOut: (row: number) => boolean): Descent | undefined {
  const kept = everyRow(features).filter((row) => !heldOut(row))
  const n = features.columns
  if (n > kept.length) return undefined
  const { means, deviations } = standardise(features)
  const metric = grammian(features, kept)
  const penalty = penaltyOf(n, kept.length) * kept.length
  for (let i = 0; i < n; i++) metric.data[i * n + i] += penalty
  if (!cholesky(metric)) return undefined
  const steepnessOf = (slopes: Float64Array) => kept.reduce((sum, row) => sum + slopes[row] ** 2, 0) / kept.length
  return {
    begin: () => takenFrom(new Float64Array(n), 0),
    penalty: ({ weights }, slopes) =>
      penalty * steepnessOf(slopes) * weights.reduce((sum, value) => sum + value * value, 0),
    direction(taken, residuals, slopes) {
      const pulls = new Float64Array(features.rows)
      for (const row of kept) pulls[row] = slopes[row] * residuals[row]
      let bias = pulls.reduce((sum, pull) => sum + pull, 0)
      const right = matrix(n, 1)
      addCombination(right.data, pulls, features.data, 1)
      const steepness = steepnessOf(slopes)
      if (!(steepness > 0) || !Number.isFinite(steepness)) return undefined
      for (let f = 0; f < n; f++) right.data[f] = right.data[f] / steepness - penalty * taken.weights[f]
      const weights = substituteBoth(metric, right).data
      bias /= steepness * kept.length
      const change = timesVector(features, weights)
      for (let row = 0; row < change.length; row++) change[row] += bias
      return { weights, bias, change }
    },
    unscaled({ weights, bias }) {
      const scaled = weights.map((value, f) => value / deviations[f])
      return { weights: scaled, bias: scaled.reduce((sum, value, f) => sum - value * means[f], bias) }
    },
  }
}

function takenFrom(weights: Float64Array, bias: number): Taken {
  return {
    weights,
    bias,
    add(direction, step) {
      direction.weights.forEach((value, f) => (weights[f] += step * value))
      this.bias += step * direction.bias
    },
    copy() {
      return takenFrom(Float64Array.from(weights), this.bias)
    },
  }
}
