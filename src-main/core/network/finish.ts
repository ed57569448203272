import type { Finish } from './layer-model.ts'

/** What the network's own last node would make of the scores; argmax gives one number, the label. */
export function applyFinish(finish: Finish, scores: Float64Array): Float64Array {
  const largest = scores.reduce((a, b) => Math.max(a, b), -Infinity)
  switch (finish) {
    case 'none':
      return scores
    case 'sigmoid':
      return scores.map((score) => 1 / (1 + Math.exp(-score)))
    case 'argmax':
      return Float64Array.of(scores.indexOf(largest))
    case 'softmax': {
      const powers = scores.map((score) => Math.exp(score - largest))
      const sum = powers.reduce((a, b) => a + b, 0)
      return powers.map((power) => power / sum)
    }
    case 'log-softmax': {
      const logSum = Math.log(scores.reduce((sum, score) => sum + Math.exp(score - largest), 0))
      return scores.map((score) => score - largest - logSum)
    }
  }
}
