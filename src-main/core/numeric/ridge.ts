import {
  cholesky,
  everyRow,
  grammian,
  matrix,
  multiply,
  part,
  standardise,
  substituteBoth,
  transposed,
} from './matrix.ts'
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
  const before = meanSquare(part(residuals, held))
  const nothing = { weights: matrix(features.columns, targets), bias: new Float64Array(targets), before, after: before }
  if (held.length === 0 || kept.length < 2) return nothing

  const bias = columnMeans(residuals, kept)
  const sides = [kept, held].map((side) => ({ rows: side, residuals: less(part(residuals, side), bias) }))
  const solver = (features.columns <= kept.length ? primal : dual)(features, sides[0], sides[1])
  let after = meanSquare(sides[1].residuals)
  let penalty = Infinity
  let rises = 0
  for (const candidate of PENALTIES) {
    const error = solver.heldOutError(candidate)
    if (error < after) {
      after = error
      penalty = candidate
      rises = 0
    } else if (++rises === 3) break
  }
  if (!(after < before)) return nothing
  const weights = (penalty === Infinity ? undefined : solver.solve(penalty)) ?? nothing.weights
  const whole = columnMeans(residuals, rows)
  for (let f = 0; f < weights.rows; f++) {
    for (let t = 0; t < targets; t++) {
      weights.data[f * targets + t] /= deviations[f]
      whole[t] -= means[f] * weights.data[f * targets + t]
    }
  }
  return { weights, bias: whole, before, after }
}

/** Rows of the features, and the residuals there less the means of the kept ones. */
interface Side {
  readonly rows: readonly number[]
  readonly residuals: Matrix
}

interface Solver {
  /** Mean squared residual that the solution on the kept rows leaves on the held-out ones; Infinity where it is singular. */
  heldOutError(penalty: number): number
  /** [features × targets] of all rows, or undefined where the system is singular to working precision. */
  solve(penalty: number): Matrix | undefined
}

/**
 * Through the features' correlations. ‖Y − F·W‖² is ‖Y‖² − 2⟨W, Fᵀ·Y⟩ + ⟨W, Fᵀ·F·W⟩, so that no penalty needs the rows
 * again; and since the features are centred over all rows, sums of both sides are those of all rows about their own mean.
 */
function primal(features: Matrix, kept: Side, held: Side): Solver {
  const [known, judged] = [kept, held].map(({ rows, residuals }) => ({
    gram: grammian(features, rows),
    cross: multiply(transposed(features, rows), residuals),
  }))
  const whole = meanSquare(held.residuals)
  return {
    heldOutError(penalty) {
      const weights = solved(known.gram, penalty * kept.rows.length, known.cross)
      if (!weights) return Infinity
      const explained = 2 * inner(weights, judged.cross) - inner(weights, multiply(judged.gram, weights))
      return whole - explained / held.residuals.data.length
    },
    solve(penalty) {
      const count = kept.rows.length + held.rows.length
      return solved(sum(known.gram, judged.gram), penalty * count, sum(known.cross, judged.cross))
    },
  }
}

/** Through the rows' inner products, where there are fewer rows than features. */
function dual(features: Matrix, kept: Side, held: Side): Solver {
  const columns = transposed(features, [...kept.rows, ...held.rows])
  const kernel = grammian(columns)
  const count = kept.rows.length
  const known = block(kernel, 0, count, count)
  const across = block(kernel, count, kernel.rows, count)
  return {
    heldOutError(penalty) {
      const multipliers = solved(known, penalty * count, kept.residuals)
      return multipliers ? meanSquare(difference(held.residuals, multiply(across, multipliers))) : Infinity
    },
    solve(penalty) {
      const multipliers = solved(kernel, penalty * kernel.rows, stacked(kept.residuals, held.residuals))
      return multipliers && multiply(columns, multipliers)
    },
  }
}

/** X with (system + diagonal·1)·X = right; undefined where that is not positive definite. */
function solved(system: Matrix, diagonal: number, right: Matrix): Matrix | undefined {
  const factor = { ...system, data: Float64Array.from(system.data) }
  for (let i = 0; i < factor.rows; i++) factor.data[i * factor.columns + i] += diagonal
  return cholesky(factor) ? substituteBoth(factor, right) : undefined
}

/** Less a number per column. */
function less({ rows, columns, data }: Matrix, amounts: Float64Array): Matrix {
  return { rows, columns, data: data.map((value, i) => value - amounts[i % columns]) }
}

function columnMeans({ columns, data }: Matrix, rows: readonly number[]): Float64Array {
  const means = new Float64Array(columns)
  for (const row of rows) for (let c = 0; c < columns; c++) means[c] += data[row * columns + c] / rows.length
  return means
}

const meanSquare = ({ data }: Matrix): number => data.reduce((sum, value) => sum + value * value, 0) / data.length

const inner = (left: Matrix, right: Matrix): number =>
  left.data.reduce((sum, value, i) => sum + value * right.data[i], 0)

const sum = (left: Matrix, right: Matrix): Matrix => ({
  ...left,
  data: left.data.map((value, i) => value + right.data[i]),
})

const difference = (left: Matrix, right: Matrix): Matrix => ({
  ...left,
  data: left.data.map((value, i) => value - right.data[i]),
})

/** The rows of both. */
function stacked(above: Matrix, below: Matrix): Matrix {
  const result = matrix(above.rows + below.rows, above.columns)
  result.data.set(above.data)
  result.data.set(below.data, above.data.length)
  return result
}

/** Rows first to last, and as many of the first columns. */
function block(of: Matrix, first: number, last: number, columns: number): Matrix {
  const result = matrix(last - first, columns)
  for (let row = first; row < last; row++) {
    const from = row * of.columns
    result.data.set(of.data.subarray(from, from + columns), (row - first) * columns)
  }
  return result
}
