import { readOnnx, type ReadOnnxOptions } from '../../src-main/core/onnx/read-onnx.ts'
import { finishedOutput } from '../../src-main/core/normalise/run-tail.ts'
import { sizeOf, type LayerModel } from '../../src-main/core/network/layer-model.ts'
import { normalise, type Choice } from '../../src-main/core/normalise/normalise.ts'
import { runLayers } from '../../src-main/core/network/run-layers.ts'
import { openReference } from '../../src-main/ort/reference.ts'

/** Deterministic numbers in [−1, 1) (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1
  }
}

export const randomSample = (size: number, seed: number): Float64Array => {
  const next = randomNumbers(seed)
  return Float64Array.from({ length: size }, next)
}

/** Below this, outputs of inputs in [−1, 1] are rounding errors of float32. */
export const noise = 0.05

/** Largest |difference| over the largest |reference| value (or the noise); Infinity where lengths differ. */
export function relativeDifference(values: Float64Array, reference: Float64Array): number {
  if (values.length !== reference.length) return Infinity
  if (values.every(Number.isNaN) && reference.every(Number.isNaN)) return 0
  const largest = reference.reduce((most, value) => Math.max(most, Math.abs(value)), noise)
  const difference = values.reduce((most, value, index) => Math.max(most, Math.abs(value - reference[index])), 0)
  return difference / largest
}

/** The network evaluated in the clear, owner's finish included, against ONNX Runtime on random samples. */
export async function differenceFromRuntime(
  model: LayerModel,
  file: string | Uint8Array,
  samples = 2,
  literal = false,
): Promise<number> {
  const { layout, onnxShape, name: inputName } = model.input
  const outputIntegers = model.quantised?.outputIntegers
  const reference = await openReference(file, { inputName, layout, onnxShape, outputIntegers, literal })
  try {
    let worst = 0
    for (let seed = 1; seed <= samples; seed++) {
      const random = randomSample(sizeOf(model.input.shape), seed)
      const sample = reference.inputType.includes('int') ? random.map((x) => Math.floor(Math.abs(x) * 128)) : random
      const ours = finishedOutput(model, runLayers(model, sample))
      worst = Math.max(worst, relativeDifference(ours, await reference.run(sample)))
    }
    return worst
  } finally {
    await reference.close()
  }
}

/** All of it as layers, but for a softmax, a sigmoid or a label at the end: `wholeNetwork: false` leaves the tail to the owner. */
export const importModel = (bytes: Uint8Array, options?: ReadOnnxOptions & Choice): LayerModel =>
  normalise(readOnnx(bytes, options), { wholeNetwork: true, ...options })
