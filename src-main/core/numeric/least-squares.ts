/**
 * Weighted least squares min Σ w (y − Σ cₖ·columnₖ)² by Gram-Schmidt with reorthogonalisation: the columns are
 * made orthonormal over the data, so no normal equations are formed. A column that depends on earlier ones
 * (relative norm under 1e-9) gets coefficient 0. Weights are non-negative.
 */
export function leastSquares(columns: readonly Float64Array[], y: Float64Array, weights: Float64Array): Float64Array {
  const basis: { values: Float64Array; column: number }[] = []
  // combination[k]: the k-th basis vector in terms of the columns.
  const combinations: Float64Array[] = []
  const coefficients = new Float64Array(columns.length)
  columns.forEach((column, index) => {
    const values = Float64Array.from(column)
    const combination = new Float64Array(columns.length)
    combination[index] = 1
    const before = Math.sqrt(weightedDot(values, values, weights))
    for (let pass = 0; pass < 2; pass++) {
      basis.forEach(({ values: unit }, k) => {
        const projection = weightedDot(values, unit, weights)
        for (let i = 0; i < values.length; i++) values[i] -= projection * unit[i]
        for (let j = 0; j < combination.length; j++) combination[j] -= projection * combinations[k][j]
      })
    }
    const norm = Math.sqrt(weightedDot(values, values, weights))
    if (!(norm > 1e-9 * before)) return
    for (let i = 0; i < values.length; i++) values[i] /= norm
    for (let j = 0; j < combination.length; j++) combination[j] /= norm
    basis.push({ values, column: index })
    combinations.push(combination)
    const amount = weightedDot(y, values, weights)
    for (let j = 0; j < coefficients.length; j++) coefficients[j] += amount * combination[j]
  })
  return coefficients
}

function weightedDot(left: Float64Array, right: Float64Array, weights: Float64Array): number {
  let sum = 0
  for (let i = 0; i < left.length; i++) sum += weights[i] * left[i] * right[i]
  return sum
}
