/** Rounds over all pairs, at most; a handful suffice. */
const ROUNDS = 12
/** Of the diagonal: what is left beside it counts as nothing. */
const PRECISION = 1e-10

/**
 * The eigenvectors of a symmetric matrix [n × n] as the columns of a rotation, and their eigenvalues: Jacobi's rotations of pairs, until
 * nothing is left beside the diagonal (Golub, Van Loan: Matrix Computations, 8.5).
 */
export function eigen(
  symmetric: Float64Array,
  n: number,
): { readonly vectors: Float64Array; readonly values: Float64Array } {
  const a = Float64Array.from(symmetric)
  const v = new Float64Array(n * n)
  for (let i = 0; i < n; i++) v[i * n + i] = 1
  for (let round = 0; round < ROUNDS && beside(a, n) > PRECISION * trace(a, n); round++) {
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, v, n, p, q)
  }
  return { vectors: v, values: Float64Array.from({ length: n }, (_, i) => a[i * n + i]) }
}

/** Makes a[p][q] zero, by a rotation of both rows and columns. */
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const off = a[p * n + q]
  if (off === 0) return
  const half = (a[q * n + q] - a[p * n + p]) / (2 * off)
  const t = (half < 0 ? -1 : 1) / (Math.abs(half) + Math.sqrt(half * half + 1))
  const c = 1 / Math.sqrt(t * t + 1)
  const s = t * c
  for (let k = 0; k < n; k++) {
    const [x, y] = [a[k * n + p], a[k * n + q]]
    a[k * n + p] = c * x - s * y
    a[k * n + q] = s * x + c * y
  }
  for (let k = 0; k < n; k++) {
    const [x, y] = [a[p * n + k], a[q * n + k]]
    a[p * n + k] = c * x - s * y
    a[q * n + k] = s * x + c * y
  }
  for (let k = 0; k < n; k++) {
    const [x, y] = [v[k * n + p], v[k * n + q]]
    v[k * n + p] = c * x - s * y
    v[k * n + q] = s * x + c * y
  }
}

function beside(a: Float64Array, n: number): number {
  let sum = 0
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) if (i !== j) sum += a[i * n + j] ** 2
  return Math.sqrt(sum)
}

function trace(a: Float64Array, n: number): number {
  let sum = 0
  for (let i = 0; i < n; i++) sum += Math.abs(a[i * n + i])
  return sum
}
