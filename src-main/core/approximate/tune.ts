import { runLayerBatch } from '../normalise/run-layers.ts'
import { stepCounter } from '../progress.ts'
import type { WorkContext } from '../progress.ts'
import { defaultFit, fitMoments } from './fit-channel.ts'
import type { ChannelFit } from './fit-channel.ts'
import { addJacobian } from './jacobian.ts'
import type { ChannelParameters, Parameters } from './jacobian.ts'
import { legendreCoefficients } from './legendre.ts'
import type { PolynomialLayer, PolynomialModel } from './polynomial-model.ts'
import { isHeldOut } from './refit.ts'
import { matrix } from './matrix.ts'
import { ridge } from './ridge.ts'

type Fits = ReadonlyMap<string, readonly (ChannelFit | undefined)[]>
type Outputs = readonly Float64Array[]

const CHUNK = 8
/** Output directions per sample: those of the likeliest classes. */
const DIRECTIONS = 10
/** Jacobian entries held at once; samples are thinned to fit. */
const ENTRIES = 16e6
const STEPS = [1, 0.5, 0.25]
/** Classes count by the original's softmax, mixed with this share of an even distribution. */
const EVEN_SHARE = 0.2

/**
 * Fits all coefficients together to the original network's outputs (`teacher`): Gauss-Newton steps on the mean of
 * (t − s)ᵀ·F·(t − s), F the Fisher information of the original's softmax, each step solved by ridge regression. A step
 * is kept where it lowers the figure on held-out samples, so the result is never worse by it.
 */
export async function tune(
  polynomial: PolynomialModel,
  teacher: Outputs,
  calibration: readonly Float64Array[],
  fits: Fits,
  rounds: number,
  work: WorkContext,
): Promise<PolynomialModel> {
  const { parameters, total } = parametersOf(polynomial, fits)
  const directions = Math.min(DIRECTIONS, teacher[0].length)
  const stride = Math.max(1, Math.ceil((calibration.length * directions * total) / ENTRIES))
  const chosen = [...calibration.keys()].filter((i) => i % stride === 0)
  const samples = chosen.map((i) => calibration[i])
  const goals = chosen.map((i) => teacher[i])
  if (total === 0 || samples.length < 10) return polynomial
  let model = polynomial
  let error = heldOutError(goals, runLayerBatch(model, samples))
  const done = stepCounter(work, 'tune', rounds * Math.ceil(samples.length / CHUNK))
  for (let round = 0; round < rounds; round++) {
    const jacobian = matrix(samples.length * directions, total)
    const residuals = matrix(samples.length * directions, 1)
    for (let first = 0; first < samples.length; first += CHUNK) {
      await new Promise((resolve) => setTimeout(resolve))
      const directionsOf = (k: number, output: Float64Array) => {
        const goal = goals[first + k]
        const axes = fisherAxes(goal, directions)
        axes.forEach((axis, d) => {
          residuals.data[(first + k) * directions + d] = axis.reduce((sum, v, i) => sum + v * (goal[i] - output[i]), 0)
        })
        return axes
      }
      const chunk = samples.slice(first, first + CHUNK)
      addJacobian(model, parameters, chunk, directions, directionsOf, jacobian, first * directions)
      done()
    }
    const { weights } = ridge(jacobian, residuals, (row) => isHeldOut(Math.floor(row / directions)))
    const better = STEPS.map((step) => {
      const candidate = moved(model, parameters, fits, weights.data, step)
      return { candidate, error: heldOutError(goals, runLayerBatch(candidate, samples)) }
    }).reduce((left, right) => (right.error < left.error ? right : left))
    if (!(better.error < error)) break
    model = better.candidate
    error = better.error
  }
  return model
}

function probabilities(logits: Float64Array): Float64Array {
  const most = Math.max(...logits)
  const powers = logits.map((value) => Math.exp(value - most))
  const sum = powers.reduce((a, b) => a + b, 0)
  return powers.map((value) => (value / sum) * (1 - EVEN_SHARE) + EVEN_SHARE / logits.length)
}

/** Rows √pᵢ·(eᵢ − p) of the likeliest classes; over all classes their squares sum to diag(p) − ppᵀ. */
function fisherAxes(goal: Float64Array, count: number): Float64Array[] {
  const p = probabilities(goal)
  const likeliest = [...p.keys()].sort((a, b) => p[b] - p[a]).slice(0, count)
  return likeliest.map((i) => p.map((value, j) => Math.sqrt(p[i]) * ((i === j ? 1 : 0) - value)))
}

function heldOutError(goals: Outputs, outputs: Outputs): number {
  let sum = 0
  goals.forEach((goal, i) => {
    if (!isHeldOut(i)) return
    const p = probabilities(goal)
    const mean = p.reduce((total, value, j) => total + value * (goal[j] - outputs[i][j]), 0)
    p.forEach((value, j) => (sum += value * (goal[j] - outputs[i][j] - mean) ** 2))
  })
  return sum
}

function parametersOf(model: PolynomialModel, fits: Fits): { parameters: Parameters; total: number } {
  let total = 0
  const parameters = new Map<string, ChannelParameters[]>()
  for (const layer of model.layers) {
    if (layer.kind !== 'polynomial') continue
    const channels = layer.coefficients.map((row, channel) => {
      const fit = fits.get(layer.id)![channel]
      const count = fit ? row.length : 0
      total += count
      return { first: total - count, count, middle: fit?.middle ?? 0, half: fit?.half ?? 1 }
    })
    parameters.set(layer.id, channels)
  }
  return { parameters, total }
}

/** The model after a step; a polynomial outside the limits becomes the nearest inside, over the channel's inputs. */
function moved(
  model: PolynomialModel,
  parameters: Parameters,
  fits: Fits,
  change: Float64Array,
  step: number,
): PolynomialModel {
  const layers = model.layers.map((layer) => {
    if (layer.kind !== 'polynomial') return layer
    const coefficients = layer.coefficients.map((row, channel) => {
      const fit = fits.get(layer.id)![channel]
      if (!fit) return row
      const { first, count, middle, half } = parameters.get(layer.id)![channel]
      const theta = legendreCoefficients(row, middle, half)
      for (let k = 0; k < count; k++) theta[k] += step * change[first + k]
      const { gram } = fit.moments
      const right = Float64Array.from({ length: count }, (_, i) =>
        theta.reduce((sum, value, j) => sum + value * gram[i * count + j], 0),
      )
      const degree = count === 3 ? 2 : 4
      return fitMoments({ ...fit.moments, right }, middle, half, { ...defaultFit, degree })
    })
    return { ...layer, coefficients } satisfies PolynomialLayer
  })
  return { ...model, layers }
}
