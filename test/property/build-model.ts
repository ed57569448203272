import { randomNumbers } from '../models/compare.ts'
import type { TestModel } from '../onnx/write-model.ts'
import * as elementwise from './elementwise-steps.ts'
import * as moving from './moving-steps.ts'
import * as probed from './probed-steps.ts'
import { opsets, RandomGraph, type Choices } from './random-graph.ts'
import * as windowed from './windowed-steps.ts'
import type { Step } from './windowed-steps.ts'

const { conv, ...pooling } = windowed
const steps: readonly Step[] = [
  conv,
  conv,
  ...Object.values(pooling),
  ...Object.values(elementwise),
  ...Object.values(moving),
  ...Object.values(probed),
]
const inputs = [
  [1, 2, 6, 6],
  [1, 1, 7, 5],
  [1, 3, 9],
  [1, 4, 5, 4],
  [1, 10],
  [1, 6, 5, 2],
  [1, 3, 7, 1],
  [1, 2, 12, 1],
  [1, 2, 1, 8],
  [1, 4, 1, 1],
  [1, 2, 3, 4],
]

/** Choices from a list of numbers, repeated; all zeros is the simplest graph. */
function choicesFrom(numbers: readonly number[], seed: number): Choices {
  let at = 0
  const next = randomNumbers(seed)
  return { pick: (bound) => numbers[at++ % numbers.length] % bound, weight: next }
}

/** A legal graph of `length` steps; a function of its numbers. */
export function buildModel(numbers: readonly number[], seed: number, length: number): TestModel {
  const choices = choicesFrom(numbers, seed)
  const graph = new RandomGraph(choices, opsets[choices.pick(opsets.length)], inputs[choices.pick(inputs.length)])
  for (let added = 0, tries = 0; added < length && tries < 4 * length; tries++) {
    if (steps[choices.pick(steps.length)](graph)) added += 1
  }
  elementwise.passive(graph)
  return graph.model()
}
