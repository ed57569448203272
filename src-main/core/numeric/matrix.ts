/** Forward passes are in single precision: what varies by less than this share of its size varies by rounding. */
export const ROUNDING = 1e-6

/** A row-major matrix. */
export interface Matrix {
  readonly rows: number
  readonly columns: number
  readonly data: Float64Array
}

/** Zeros, in rows. */
export const matrix = (rows: number, columns: number): Matrix => ({
  rows,
  columns,
  data: new Float64Array(rows * columns),
})

/** Of the typical deviation: columns that vary less are taken to vary as much. */
const LEAST_SHARE = 0.3

/**
 * Gives every column mean 0 and deviation 1, but less to columns that vary little against the others, since what hardly
 * varied on the samples may do so on other inputs and should not get large weights. Columns that vary by no more than
 * the rounding of single precision, seen by their own size and by the widest column, become 0.
 */
export function standardise({ rows, columns, data }: Matrix): { means: Float64Array; deviations: Float64Array } {
  const means = new Float64Array(columns)
  const variances = new Float64Array(columns)
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) means[c] += data[r * columns + c] / rows
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) variances[c] += (data[r * columns + c] -= means[c]) ** 2 / rows
  }
  const least = LEAST_SHARE * Math.sqrt(variances.reduce((sum, value) => sum + value, 0) / columns)
  const widest = Math.sqrt(variances.reduce((most, value) => Math.max(most, value), 0))
  const deviations = variances.map((variance, c) => {
    const deviation = Math.sqrt(variance)
    return deviation > ROUNDING * Math.max(Math.abs(means[c]), widest) ? Math.max(deviation, least) : Infinity
  })
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) data[r * columns + c] /= deviations[c]
  return { means, deviations }
}

/** Σ over the rows, all unless given, of rowᵀ·row, four rows at a time. */
export function grammian(of: Matrix, rows = everyRow(of)): Matrix {
  const { columns: n, data } = of
  const gram = matrix(n, n)
  const g = gram.data
  const zero = new Float64Array(n)
  const rowAt = (i: number) => (i < rows.length ? data.subarray(rows[i] * n, (rows[i] + 1) * n) : zero)
  for (let r = 0; r < rows.length; r += 4) {
    const [a, b, c, d] = [rowAt(r), rowAt(r + 1), rowAt(r + 2), rowAt(r + 3)]
    for (let i = 0; i < n; i++) {
      const [ai, bi, ci, di] = [a[i], b[i], c[i], d[i]]
      const start = i * n
      for (let j = i; j < n; j++) g[start + j] += ai * a[j] + bi * b[j] + ci * c[j] + di * d[j]
    }
  }
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) g[i * n + j] = g[j * n + i]
  return gram
}

/** The indices of all rows. */
export const everyRow = ({ rows }: Matrix): readonly number[] => [...Array(rows).keys()]

/** Rows of a product's right side that stay in the cache while all of the left side meets them. */
const BLOCK = 64

/** left [r × n] · right [n × c] = [r × c], in blocks of the inner axis that stay in the cache. Shapes are not checked. */
export function multiply(left: Matrix, right: Matrix): Matrix {
  const [n, m] = [left.columns, right.columns]
  const product = matrix(left.rows, m)
  for (let first = 0; first < n; first += BLOCK) {
    const last = Math.min(n, first + BLOCK)
    const block = right.data.subarray(first * m, last * m)
    for (let row = 0; row < left.rows; row++) {
      const amounts = left.data.subarray(row * n + first, row * n + last)
      addCombination(product.data.subarray(row * m, (row + 1) * m), amounts, block, 1)
    }
  }
  return product
}

/** matrix · vector, four rows at a time. */
export function timesVector({ rows, columns: n, data }: Matrix, vector: Float64Array): Float64Array {
  const product = new Float64Array(rows)
  const whole = rows - (rows % 4)
  for (let row = 0; row < whole; row += 4) {
    const first = data.subarray(row * n, (row + 1) * n)
    const second = data.subarray((row + 1) * n, (row + 2) * n)
    const third = data.subarray((row + 2) * n, (row + 3) * n)
    const fourth = data.subarray((row + 3) * n, (row + 4) * n)
    let [a, b, c, d] = [0, 0, 0, 0]
    for (let k = 0; k < n; k++) {
      const factor = vector[k]
      a += first[k] * factor
      b += second[k] * factor
      c += third[k] * factor
      d += fourth[k] * factor
    }
    product[row] = a
    product[row + 1] = b
    product[row + 2] = c
    product[row + 3] = d
  }
  for (let row = whole; row < rows; row++) {
    for (let k = 0; k < n; k++) product[row] += data[row * n + k] * vector[k]
  }
  return product
}

/** out += scale · Σ amounts[k] · (row k of `rows`, each as long as `out`), four rows at a time. */
export function addCombination(out: Float64Array, amounts: Float64Array, rows: Float64Array, scale: number): void {
  const m = out.length
  const whole = amounts.length - (amounts.length % 4)
  for (let k = 0; k < whole; k += 4) {
    const [a, b, c, d] = [scale * amounts[k], scale * amounts[k + 1], scale * amounts[k + 2], scale * amounts[k + 3]]
    const [first, second, third, fourth] = [k * m, (k + 1) * m, (k + 2) * m, (k + 3) * m]
    for (let t = 0; t < m; t++) {
      out[t] += a * rows[first + t] + b * rows[second + t] + c * rows[third + t] + d * rows[fourth + t]
    }
  }
  for (let k = whole; k < amounts.length; k++) {
    for (let t = 0; t < m; t++) out[t] += scale * amounts[k] * rows[k * m + t]
  }
}

/** The given rows. */
export function part({ columns, data }: Matrix, rows: readonly number[]): Matrix {
  const result = matrix(rows.length, columns)
  rows.forEach((row, i) => result.data.set(data.subarray(row * columns, (row + 1) * columns), i * columns))
  return result
}

/** The given rows as columns. */
export function transposed({ columns, data }: Matrix, rows: readonly number[]): Matrix {
  const result = matrix(columns, rows.length)
  rows.forEach((row, i) => {
    for (let c = 0; c < columns; c++) result.data[c * rows.length + i] = data[row * columns + c]
  })
  return result
}

/** Replaces the lower triangle by L with L·Lᵀ = system; false where it is not positive definite. */
export function cholesky({ rows: n, data: a }: Matrix): boolean {
  for (let i = 0; i < n; i++) {
    const rowI = a.subarray(i * n, i * n + n)
    for (let j = 0; j <= i; j++) {
      const rowJ = a.subarray(j * n, j * n + n)
      let sum = rowI[j]
      for (let k = 0; k < j; k++) sum -= rowI[k] * rowJ[k]
      if (j < i) rowI[j] = sum / rowJ[j]
      else if (sum > 0) rowI[i] = Math.sqrt(sum)
      else return false
    }
  }
  return true
}

/** Solves L·Lᵀ·X = right for all columns of `right`. */
export function substituteBoth({ rows: n, data: l }: Matrix, right: Matrix): Matrix {
  const m = right.columns
  const x = Float64Array.from(right.data)
  const divide = (row: Float64Array, by: number) => {
    for (let t = 0; t < m; t++) row[t] /= by
  }
  for (let i = 0; i < n; i++) {
    const row = x.subarray(i * m, (i + 1) * m)
    addCombination(row, l.subarray(i * n, i * n + i), x, -1)
    divide(row, l[i * n + i])
  }
  const column = new Float64Array(n)
  for (let i = n - 1; i >= 0; i--) {
    const row = x.subarray(i * m, (i + 1) * m)
    for (let k = i + 1; k < n; k++) column[k] = l[k * n + i]
    addCombination(row, column.subarray(i + 1), x.subarray((i + 1) * m), -1)
    divide(row, l[i * n + i])
  }
  return { rows: n, columns: m, data: x }
}
