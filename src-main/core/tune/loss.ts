/** Samples side by side. */
export const BATCH = 16

/** Weight of the divergence between the class probabilities, beside that of the outputs themselves. */
const SHARPNESS = 0.3

/** Distance beyond which a sample's outputs are far from all sense. */
const LOST = 1e4
/** Most that one sample counts: its label is lost once, and one far off must not outweigh a hundred that are well. */
const MOST = 4
/**
 * The distance that counts that. The gradient is that of the root up to here and of the logarithm beyond, both of one slope where they
 * meet: of x to the power of 512, which nine squarings make of an input, the logarithm's slope is 512 / x, the root's has no bound.
 */
const LARGE = ((1 + MOST) ** 2 - 1) / 2

/**
 * How far outputs are from the original network's: the mean squared difference in units of the original's variance,
 * and where there are several outputs, the Kullback-Leibler divergence of their softmax. A sample counts about
 * that distance where it is small, its root where it is larger, and its gradient is the logarithm's where it is far off: a few inputs
 * that a polynomial throws off would otherwise outweigh all others. What is added to all outputs of a sample changes no label and counts nothing. Outputs
 * are laid out [output × batch + sample].
 */
export class Loss {
  readonly #batch: number
  readonly #variance: number

  constructor(batch: number, variance: number) {
    this.#batch = batch
    this.#variance = variance
  }

  /**
   * The loss, summed over the first `samples`, the gradient of its mean, and how many of them are lost; outputs and
   * targets are centred.
   */
  of(
    outputs: Float32Array,
    targets: Float32Array,
    samples: number,
  ): { loss: number; lost: number; gradient: Float32Array } {
    const gradient = new Float32Array(outputs.length)
    let [sum, lost] = [0, 0]
    for (let s = 0; s < samples; s++) {
      const distance = this.#distance(outputs, targets, s, gradient)
      const isFinite = Number.isFinite(distance)
      const root = Math.sqrt(1 + 2 * Math.min(distance, LARGE))
      const slope = 1 / root / Math.max(1, distance / LARGE)
      sum += isFinite ? root - 1 : MOST
      if (!(distance < LOST)) lost += 1
      for (let i = s; i < gradient.length; i += this.#batch)
        gradient[i] = isFinite ? (slope * gradient[i]) / samples : 0
    }
    return { loss: sum, lost, gradient }
  }

  /** Of one sample, whose gradient it sets. */
  #distance(outputs: Float32Array, targets: Float32Array, s: number, gradient: Float32Array): number {
    const batch = this.#batch
    const count = outputs.length / batch
    const share = 1 / this.#variance / count
    let distance = 0
    for (let i = s; i < outputs.length; i += batch) {
      const difference = outputs[i] - targets[i]
      distance += difference * difference * share
      gradient[i] = 2 * difference * share
    }
    if (count === 1) return distance
    const [p, q] = [softmax(targets, s, batch), softmax(outputs, s, batch)]
    p.forEach((value, j) => {
      distance += SHARPNESS * value * Math.log((value + 1e-12) / (q[j] + 1e-12))
      gradient[s + j * batch] += SHARPNESS * (q[j] - value)
    })
    return distance
  }
}

/** A copy without the mean over each sample's outputs. */
export function centred(outputs: Float32Array, batch: number): Float32Array {
  const result = Float32Array.from(outputs)
  const count = outputs.length / batch
  if (count === 1) return result
  for (let s = 0; s < batch; s++) {
    let mean = 0
    for (let i = s; i < result.length; i += batch) mean += result[i] / count
    for (let i = s; i < result.length; i += batch) result[i] -= mean
  }
  return result
}

function softmax(values: Float32Array, s: number, batch: number): Float64Array {
  const row = Float64Array.from({ length: values.length / batch }, (_, j) => values[s + j * batch])
  const most = Math.max(...row)
  let sum = 0
  row.forEach((value, j) => (sum += row[j] = Math.exp(value - most)))
  return row.map((value) => value / sum)
}
