import type { Varied } from './variations.ts'

/** The classes of samples, by the samples themselves; of some or of all. */
export type Labels = ReadonlyMap<Float64Array, number>

/**
 * The original network's outputs ([class × batch + input]) for inputs made of `samples`, with its mistakes put right: where all that an input was made of
 * is of one class and another scores highest, both exchange their scores (knowledge adjustment: Wen and others, 2019). What the original knows stays as it is,
 * so that no label is learnt by heart. The outputs themselves without labels, or of a single output.
 */
export function putRight(
  outputs: Float32Array,
  varied: readonly Varied[],
  samples: readonly Float64Array[],
  labels: Labels | undefined,
  batch: number,
): Float32Array {
  const classes = outputs.length / batch
  if (!labels || classes === 1) return outputs
  const result = Float32Array.from(outputs)
  varied.forEach(({ parts }, s) => {
    const [label, ...others] = new Set(parts.map((part) => labels.get(samples[part])))
    if (label === undefined || others.length > 0) return
    let largest = 0
    for (let c = 1; c < classes; c++) if (outputs[c * batch + s] > outputs[largest * batch + s]) largest = c
    result[label * batch + s] = outputs[largest * batch + s]
    result[largest * batch + s] = outputs[label * batch + s]
  })
  return result
}
