import { gaussian } from '../core/numeric/normal-numbers.ts'
import { randomNumbers } from '../core/numeric/random-numbers.ts'
import { finishedParts, type Finishing } from '../core/normalise/run-tail.ts'
import { spreadOf } from './measure-noise.ts'
import { present } from '../core/must.ts'

/** The noise of scores may move a result of the last steps by this part of what the result spans. */
const largestShare = 1 / 10
const draws = 8
/** Each deviation that is tried is this part of the one before, the last 2^−30 of the first. */
const step = Math.SQRT1_2
const steps = 60

/**
 * The largest deviation, at most `most`, of Gaussian noise in each of a network's outputs with which the last steps still tell what they
 * should: the root mean square of the error in each result is at most a tenth of what it spans on a typical input, of a single number
 * its size. Noise in scores does not vanish in what is computed of them: a mean of n squares grows by the noise's variance, however
 * large n is. Labels and rounded results do not count.
 */
export function largestTailDeviation(finishing: Finishing, outputs: Float64Array, most: number): number {
  const exact = [...finishedParts(finishing, outputs)].filter(([, values]) => !values.every(Number.isInteger))
  let deviation = most
  for (let i = 0; i < steps && !tells(deviation); i++) deviation *= step
  return deviation

  function tells(deviation: number): boolean {
    const random = randomNumbers(1)
    const uniform = () => random() + 2 ** -32
    const noisy = Array.from({ length: draws }, () =>
      finishedParts(
        finishing,
        outputs.map((output) => output + deviation * gaussian(uniform)),
      ),
    )
    return exact.every(([name, values]) => {
      const squares = noisy.map((parts) => meanSquare(values, parts.get(name) ?? values))
      const error = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / draws)
      return !(error > largestShare * spreadOf(values))
    })
  }
}

const meanSquare = (values: Float64Array, others: Float64Array): number =>
  values.reduce((sum, value, i) => sum + (value - present(others[i])) ** 2, 0) / values.length
