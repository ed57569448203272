import type { SideTask } from '../beside.ts'
import type { PlaceAxis } from '../network/coefficient-rows.ts'
import { sizeOf } from '../network/layer-model.ts'
import type { LayerModel } from '../network/layer-model.ts'
import type { Evidence } from './judge.ts'
import { BATCH, centred } from './loss.ts'
import { Network, putSideBySide } from './network.ts'
import { putRight } from './true-classes.ts'
import { Variations } from './variations.ts'

export interface Teaching extends Pick<Evidence, 'samples' | 'movements' | 'labels'> {
  readonly original: LayerModel
  /** The axis along which places are not alike. */
  readonly unlike?: PlaceAxis
  readonly epochs: number
}

/** Inputs side by side, [element × batch + input], and what is right for them, centred, [output × batch + input]. */
export interface Lesson {
  readonly count: number
  readonly inputs: Float32Array
  readonly right: Float32Array
}

/**
 * Batches of varied samples, epoch after epoch, with what the original network says of each and true classes put right. What is learnt from them changes
 * nothing of them, so that another thread can make them.
 */
export const lessons: SideTask<Teaching, Lesson> = {
  name: 'lessons',
  *run({ original, samples, movements, labels, unlike, epochs }) {
    const teacher = new Network(original, BATCH, false)
    const variations = new Variations(samples, original.input.shape, movements, { unlike })
    for (let epoch = 0; epoch < epochs; epoch++) {
      for (const varied of variations.epoch(epoch, BATCH)) {
        const inputs = new Float32Array(sizeOf(original.input.shape) * BATCH)
        putSideBySide(
          varied.map(({ input }) => input),
          BATCH,
          inputs,
        )
        const outputs = centred(teacher.forwardOf(inputs), BATCH)
        yield { count: varied.length, inputs, right: putRight(outputs, varied, samples, labels, BATCH) }
      }
    }
  },
}
