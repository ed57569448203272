import { cholesky, everyRow, grammian, matrix, multiply, standardise, substituteBoth, transposed } from './matrix.ts'
import type { Matrix } from './matrix.ts'

export interface RidgeFit {
  /** [features × targets] change of the weights; zero where refitting does not pay. */
  readonly weights: Matrix
  /** One per target. */
  readonly bias: Float64Array
  /** Mean squared residual on the held-out rows before and after. */
  readonly before: number
  readonly after: number
}

/** Penalties tried, per row and per unit of standardised weight, strongest first. */
const PENALTIES = [3, 1, 0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4, 1e-4, 1e-5]

/**
 * Ridge regression of the residuals on the features: min ‖features·W + bias − residuals‖² + n·λ‖W‖², on standardised
 * features. λ is the one with the least error on the held-out rows (which may be "only the bias" or "nothing"); the
 * result is then solved on all rows. `features` is standardised in place.
 */
export function ridge(features: Matrix, residuals: Matrix, heldOut: (row: number) => boolean): RidgeFit {
  const { means, deviations } = standardise(features)
  const targets = residuals.columns
  const rows = everyRow(features)
  const held = rows.filter(heldOut)
  const kept = rows.filter((row) => !heldOut(row))
  const before = meanSquare(residuals, held)
  const nothing = { weights: matrix(features.columns, targets), bias: new Float64Array(targets), before, after: before }
  if (held.length === 0 || kept.length < 2) return nothing

  const solver = features.columns <= kept.length ? primal(features, residuals, kept) : dual(features, residuals, kept)
  let after = heldOutError(residuals, held, solver.bias, undefined)
  let penalty = Infinity
  let rises = 0
  for (const candidate of PENALTIES) {
    const weights = solver.solve(candidate)
    const error = weights ? heldOutError(residuals, held, solver.bias, multiply(features, weights, held)) : Infinity
    if (error < after) {
      after = error
      penalty = candidate
      rises = 0
    } else if (++rises === 3) break
  }
  if (!(after < before)) return nothing
  const whole = features.columns <= rows.length ? primal(features, residuals, rows) : dual(features, residuals, rows)
  const weights = (penalty === Infinity ? undefined : whole.solve(penalty)) ?? nothing.weights
  const bias = Float64Array.from(whole.bias)
  for (let f = 0; f < weights.rows; f++) {
    for (let t = 0; t < targets; t++) {
      weights.data[f * targets + t] /= deviations[f]
      bias[t] -= means[f] * weights.data[f * targets + t]
    }
  }
  return { weights, bias, before, after }
}

interface Solver {
  /** Mean residual per target: the bias while the features are centred. */
  readonly bias: Float64Array
  /** [features × targets], or undefined where the system is singular to working precision. */
  solve(penalty: number): Matrix | undefined
}

/** Through the features' correlation matrix. */
function primal(features: Matrix, residuals: Matrix, rows: readonly number[]): Solver {
  const gram = grammian(features, rows)
  const bias = columnMeans(residuals, rows)
  const right = multiply(transposed(features, rows), centred(residuals, rows, bias))
  return {
    bias,
    solve(penalty) {
      const system = matrix(gram.rows, gram.columns)
      system.data.set(gram.data)
      for (let i = 0; i < gram.rows; i++) system.data[i * gram.columns + i] += penalty * rows.length
      return cholesky(system) ? substituteBoth(system, right) : undefined
    },
  }
}

/** Through the rows' inner products, where there are fewer rows than features. */
function dual(features: Matrix, residuals: Matrix, rows: readonly number[]): Solver {
  const bias = columnMeans(residuals, rows)
  const kept = transposed(features, rows)
  const kernel = grammian(kept)
  const right = centred(residuals, rows, bias)
  return {
    bias,
    solve(penalty) {
      const system = matrix(kernel.rows, kernel.columns)
      system.data.set(kernel.data)
      for (let i = 0; i < kernel.rows; i++) system.data[i * kernel.columns + i] += penalty * rows.length
      const multipliers = cholesky(system) ? substituteBoth(system, right) : undefined
      return multipliers && multiply(kept, multipliers)
    },
  }
}

/** The residuals of the rows less their means. */
function centred(residuals: Matrix, rows: readonly number[], means: Float64Array): Matrix {
  const m = residuals.columns
  const result = matrix(rows.length, m)
  rows.forEach((row, i) => {
    for (let t = 0; t < m; t++) result.data[i * m + t] = residuals.data[row * m + t] - means[t]
  })
  return result
}

function columnMeans({ columns, data }: Matrix, rows: readonly number[]): Float64Array {
  const means = new Float64Array(columns)
  for (const row of rows) for (let c = 0; c < columns; c++) means[c] += data[row * columns + c] / rows.length
  return means
}

const meanSquare = (residuals: Matrix, rows: readonly number[]): number =>
  heldOutError(residuals, rows, new Float64Array(residuals.columns), undefined)

function heldOutError(residuals: Matrix, rows: readonly number[], bias: Float64Array, predicted?: Matrix): number {
  const m = residuals.columns
  let sum = 0
  rows.forEach((row, i) => {
    for (let t = 0; t < m; t++) {
      sum += (residuals.data[row * m + t] - bias[t] - (predicted ? predicted.data[i * m + t] : 0)) ** 2
    }
  })
  return sum / Math.max(1, rows.length * m)
}
