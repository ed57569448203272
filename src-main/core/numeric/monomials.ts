/** Polynomials as coefficient rows, lowest power first. */
export type Coefficients = Float64Array

/** Σ coefficients[k] · xᵏ, by Horner; 0 without coefficients. */
export function evaluatePolynomial(coefficients: ArrayLike<number>, x: number): number {
  let value = 0
  for (let k = coefficients.length - 1; k >= 0; k--) value = value * x + coefficients[k]
  return value
}

/** q with q(x) = p(scale·x + shift), by Horner's rule on polynomials. */
export function substitute(coefficients: Coefficients, scale: number, shift: number): Coefficients {
  const result = new Float64Array(coefficients.length)
  for (let k = coefficients.length - 1; k >= 0; k--) {
    for (let j = result.length - 1; j > 0; j--) result[j] = result[j] * shift + result[j - 1] * scale
    result[0] = result[0] * shift + coefficients[k]
  }
  return result
}
