import type { PolynomialModel } from '../network/polynomial-model.ts'
import { countMultiplications } from '../network/count-multiplications.ts'
import type { LayerModel, LinearLayer } from '../network/layer-model.ts'
import { stepCounter, throwIfCancelled } from '../progress.ts'
import type { WorkContext } from '../progress.ts'
import { Adam } from './adam.ts'
import type { Parameters } from './linear-step.ts'
import { centred, Loss } from './loss.ts'
import { Network } from './network.ts'
import { Variations } from './variations.ts'

/** Samples side by side. */
const BATCH = 16
const EPOCHS = 30
/** Multiplications that may be spent, forwards and backwards, and for the original network. */
const MOST_MULTIPLICATIONS = 2e12
/** Of the largest steps, relative to a layer's weights, where there are enough steps to settle afterwards. */
const RATE = 0.005
const ENOUGH_STEPS = 1000
const WARM_UP_STEPS = 20
/** How far mixtures lie outside the samples that judge whether tuning made outliers worse. */
const BEYOND = 0.15
/** Share of these that may be lost beside those that were before. */
const MOST_LOST = 0.05

/** So many, or at most so many and fewer for large networks; `{}` is as many as usual. */
export type TuningEpochs = number | { readonly atMost?: number }

/**
 * Changes weights and biases of the whole network at once, towards the original network's outputs on variations of
 * the samples: distillation by gradient steps, without labels. The polynomials stay; the weights around them say all
 * that a quadratic can. The model comes back as it was where its outputs on
 * further variations did not come closer.
 */
export async function tune(
  original: LayerModel,
  start: PolynomialModel,
  samples: readonly Float64Array[],
  wanted: TuningEpochs,
  work: WorkContext,
): Promise<PolynomialModel> {
  const affordable = Math.floor(MOST_MULTIPLICATIONS / (4 * samples.length * countMultiplications(original)))
  const epochs = typeof wanted === 'number' ? wanted : Math.min(wanted.atMost ?? EPOCHS, affordable)
  if (epochs === 0) return start
  const teacher = new Network(original, BATCH, false)
  const student = new Network(start, BATCH, true)
  const target = (inputs: readonly Float64Array[]) => centred(teacher.forward(inputs), BATCH)
  const outputs = (inputs: readonly Float64Array[]) => centred(student.forward(inputs), BATCH)
  const variations = new Variations(samples, original.input.shape)
  const judges = (epoch: number, beyond?: number) =>
    [...variations.epoch(epoch, BATCH, beyond)].map((inputs) => ({ inputs, expected: target(inputs) }))
  // Variations that no step sees say whether tuning helped; those beyond the samples, whether outputs stay bounded.
  const [unseen, outside] = [judges(epochs), judges(epochs + 1, BEYOND)]
  const loss = new Loss(BATCH, meanSquare(unseen.map(({ expected }) => expected)) || 1)
  const lossOf = ({ inputs, expected }: (typeof unseen)[number]) => loss.of(outputs(inputs), expected, inputs.length)
  const judgement = () => ({
    loss: unseen.reduce((sum, batch) => sum + lossOf(batch).loss, 0),
    lost: outside.reduce((sum, batch) => sum + lossOf(batch).lost, 0),
  })

  const before = judgement()
  const adam = new Adam(student.parameters, samples.length)
  const steps = epochs * Math.ceil(samples.length / BATCH)
  const done = stepCounter(work, 'tune', epochs)
  const breathe = breather()
  const largest = RATE * Math.min(1, Math.sqrt(steps / ENOUGH_STEPS))
  let step = 0
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const inputs of variations.epoch(epoch, BATCH)) {
      throwIfCancelled(work)
      await breathe()
      student.backward(loss.of(outputs(inputs), target(inputs), inputs.length).gradient)
      const rate = largest * Math.min(1, (step + 1) / WARM_UP_STEPS) * 0.5 * (1 + Math.cos((Math.PI * step) / steps))
      adam.step(rate)
      step += 1
    }
    done()
  }
  const after = judgement()
  const isBetter = after.loss < before.loss && after.lost <= before.lost + MOST_LOST * samples.length
  return isBetter ? withParameters(start, student.parameters) : start
}

/** Lets timers and signals through, now and then. */
function breather(): () => Promise<void> | undefined {
  let sinceMs = performance.now()
  return () => {
    if (performance.now() - sinceMs < 50) return undefined
    sinceMs = performance.now()
    return new Promise((resolve) => setTimeout(resolve))
  }
}

const meanSquare = (rows: readonly Float32Array[]): number =>
  rows.reduce((sum, row) => sum + row.reduce((s, value) => s + value * value, 0) / row.length, 0) / rows.length

function withParameters(model: PolynomialModel, parameters: readonly Parameters[]): PolynomialModel {
  const byLayer = Map.groupBy(parameters, ({ layer }) => layer)
  const layers = model.layers.map((layer) => {
    if (layer.kind !== 'linear') return layer
    return (byLayer.get(layer.id) ?? []).reduce(withSet, layer)
  })
  return { ...model, layers }
}

function withSet(layer: LinearLayer, { term, values }: Parameters): LinearLayer {
  const weight = Float64Array.from(values)
  if (term === undefined) return { ...layer, bias: weight }
  const terms = layer.terms.map(({ input, map }, i) => ({
    input,
    map: i === term && map.kind !== 'sparse' ? { ...map, weight } : map,
  }))
  return { ...layer, terms }
}
