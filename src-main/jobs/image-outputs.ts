import type { LayerModel } from '../core/network/layer-model.ts'
import { tellsQuantities } from '../core/network/quantities.ts'
import type { WorkContext } from '../core/progress.ts'

/** Warns where outputs have places, as a mask has: they are taken for as many scores of one class each. */
export function warnOfImageOutputs(model: LayerModel, work: WorkContext): void {
  const sides = (model.onnxOutputs?.[0]?.shape ?? []).filter((size) => size > 1)
  if (sides.length < 2 || model.tail || tellsQuantities(model)) return
  const message =
    `The network gives ${sides.join(' × ')} numbers, as masks and labels of each moment have them. They are taken for scores ` +
    'of one class each, so that labels say little: --quantities says that they are quantities.'
  work.progress({ kind: 'warning', stage: 'calibrate', message })
}
