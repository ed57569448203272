import { eachCoefficientRun } from '../network/coefficient-rows.ts'
import type { PolynomialLayer } from '../network/polynomial-model.ts'
import { evaluatePolynomial, substitute } from '../numeric/monomials.ts'
import type { Coefficients } from '../numeric/monomials.ts'
import { limitsOf, withinLimits } from './square-limits.ts'
import type { SquareLimits } from './square-limits.ts'
import type { Parameters } from './linear-step.ts'

/**
 * Hermite polynomials up to degree 4 in powers of z, orthogonal where z is normal and each of variance 1 there: HERMITE[k][j]·zʲ.
 */
const HERMITE = [[1], [0, 1], [-1, 0, 1], [0, -3, 0, 1], [3, 0, -6, 0, 1]].map((row, k) => {
  const factorial = [1, 1, 2, 6, 24][k]
  return Float64Array.from(row, (value) => value / Math.sqrt(factorial))
})

/** Inputs of a row that deviate by less than this share of the layer's largest deviation are measured by that. */
const LEAST_DEVIATION = 1e-3

interface Row {
  /** Of the inputs: z = (x − mean) / deviation. */
  readonly mean: number
  readonly deviation: number
  /** Of the outputs. */
  readonly unit: number
  /** The largest |z|. */
  readonly reach: number
  readonly limits: SquareLimits
}

/**
 * A polynomial layer of degree 2 or 4 whose coefficients are parameters, in Hermite polynomials of each row's inputs in units of their
 * deviation: a step changes the outputs by about as much whichever coefficient it is of, however narrow the row.
 * What squarings compute with too few bits is never reached (`withinLimits`).
 */
export class PolynomialStep {
  readonly layer: PolynomialLayer
  readonly parameters: Parameters
  readonly #rows: readonly Row[]
  readonly #samples: number

  /** `inputs` are [element × samples + sample]; they say how inputs are spread. */
  constructor(layer: PolynomialLayer, inputs: Float32Array, samples: number) {
    this.#samples = samples
    this.#rows = rowsOf(layer, inputs, samples)
    this.layer = { ...layer, coefficients: layer.coefficients.map((row) => Float64Array.from(row)) }
    const count = layer.coefficients[0].length
    const amounts = layer.coefficients.map((row, r) => inHermite(inUnits(row, this.#rows[r])))
    const values = Float32Array.from(amounts.flatMap((row) => [...row]))
    const units = values.map((_, i) => unitOf(i % count, this.#rows[Math.floor(i / count)]))
    const gradient = new Float32Array(values.length)
    const evidence = inputs.length / samples / amounts.length
    this.parameters = { layer: layer.id, of: 'coefficients', values, gradient, lanes: 1, evidence, units }
  }

  /** The layer with the parameters as they are now. */
  get current(): PolynomialLayer {
    const { coefficients } = this.load()
    return { ...this.layer, coefficients: coefficients.map((row) => Float64Array.from(row)) }
  }

  /** The layer, valid until the parameters change. */
  load(): PolynomialLayer {
    const { values } = this.parameters
    const count = this.layer.coefficients[0].length
    this.layer.coefficients.forEach((row, r) => {
      const { mean, deviation, limits } = this.#rows[r]
      const own = values.subarray(r * count, (r + 1) * count)
      const free = inPowers(own)
      const kept = withinLimits(free, limits)
      if (kept !== free) own.set(inHermite(kept))
      row.set(substitute(kept, 1 / deviation, -mean / deviation))
    })
    return this.layer
  }

  /** Adds to the gradient of the coefficients, from the values of the inputs and the gradient of the outputs. */
  back(inputs: Float32Array, outputs: Float32Array): void {
    const { gradient } = this.parameters
    const count = this.layer.coefficients[0].length
    const sums = this.layer.coefficients.map(() => new Float64Array(HERMITE.length))
    eachCoefficientRun(this.layer, (row, from, to) => {
      const { mean, deviation } = this.#rows[row]
      let [sum0, sum1, sum2, sum3, sum4] = [0, 0, 0, 0, 0]
      for (let i = from * this.#samples; i < to * this.#samples; i++) {
        const z = (inputs[i] - mean) / deviation
        const second = outputs[i] * z * z
        sum0 += outputs[i]
        sum1 += outputs[i] * z
        sum2 += second
        sum3 += second * z
        sum4 += second * z * z
      }
      const of = sums[row]
      of[0] += sum0
      of[1] += sum1
      of[2] += sum2
      of[3] += sum3
      of[4] += sum4
    })
    sums.forEach((of, row) => {
      for (let k = 0; k < count; k++) {
        HERMITE[k].forEach((value, power) => (gradient[row * count + k] += value * of[power]))
      }
    })
  }
}

/** What steps of an amount are measured by: the deviation of the outputs, less where it counts more at the ends than a slope does. */
const unitOf = (k: number, { unit, reach }: Row): number =>
  k < 2 ? unit : unit * Math.min(1, reach / Math.abs(evaluatePolynomial(HERMITE[k], reach)))

/** The polynomial in z. */
const inUnits = (row: Coefficients, { mean, deviation }: Pick<Row, 'mean' | 'deviation'>): Coefficients =>
  substitute(row, deviation, mean)

function rowsOf(layer: PolynomialLayer, inputs: Float32Array, samples: number): Row[] {
  const spreads = layer.coefficients.map(() => ({ x: new Spread(), y: new Spread() }))
  eachCoefficientRun(layer, (row, from, to) => {
    for (let i = from * samples; i < to * samples; i++) {
      spreads[row].x.see(inputs[i])
      spreads[row].y.see(evaluatePolynomial(layer.coefficients[row], inputs[i]))
    }
  })
  const least = LEAST_DEVIATION * Math.max(...spreads.map(({ x }) => x.deviation))
  return spreads.map(({ x, y }, r) => {
    const unit = { mean: x.mean, deviation: Math.max(x.deviation, least) || 1 }
    // Where inputs hardly vary, or not at all, their own reach would bound nothing sensible.
    const reach = Math.max(1, (x.high - x.mean) / unit.deviation, (x.mean - x.low) / unit.deviation)
    return { ...unit, unit: y.deviation, reach, limits: limitsOf(inUnits(layer.coefficients[r], unit), reach) }
  })
}

class Spread {
  low = Infinity
  high = -Infinity
  #count = 0
  #sum = 0
  #squares = 0

  see(value: number): void {
    this.low = Math.min(this.low, value)
    this.high = Math.max(this.high, value)
    this.#count += 1
    this.#sum += value
    this.#squares += value * value
  }

  get mean(): number {
    return this.#sum / this.#count
  }

  get deviation(): number {
    return Math.sqrt(Math.max(0, this.#squares / this.#count - this.mean ** 2))
  }
}

function inHermite(powers: Coefficients): Coefficients {
  const rest = Float64Array.from(powers)
  const amounts = new Float64Array(rest.length)
  for (let k = rest.length - 1; k >= 0; k--) {
    amounts[k] = rest[k] / HERMITE[k][k]
    HERMITE[k].forEach((value, power) => (rest[power] -= amounts[k] * value))
  }
  return amounts
}

function inPowers(amounts: Float32Array): Coefficients {
  const powers = new Float64Array(amounts.length)
  amounts.forEach((amount, k) => HERMITE[k].forEach((value, power) => (powers[power] += amount * value)))
  return powers
}
