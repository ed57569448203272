import { classesOf, sizeOf, type LayerModel } from './layer-model.ts'

/** Fewer numbers than this, as many as the network takes, may well be as many classes. */
const LEAST_RECONSTRUCTED = 32

/** Whether a single number is a probability, and so a yes or a no; several are taken for classes. */
export const isClassifier = ({ finish, tail }: Pick<LayerModel, 'finish' | 'tail'>): boolean =>
  finish === 'sigmoid' || finish === 'argmax' || (tail?.labels.some(({ isProbability }) => isProbability) ?? false)

/** Whether the owner says that several outputs are quantities, so that no label tells anything; of one it is the sign. */
export const areQuantities = (model: LayerModel): boolean => model.quantities === true && classesOf(model) > 1

/**
 * Whether outputs are quantities, which are judged by their error, or scores, which are judged by the label they give. The owner's
 * word counts; else a single number that is no probability is a quantity, and so are as many numbers as the network takes,
 * 32 or more, as of an autoencoder.
 */
export function tellsQuantities(model: LayerModel): boolean {
  if (model.quantities !== undefined) return model.quantities
  const outputs = classesOf(model)
  if (outputs === 1) return !isClassifier(model)
  if (outputs < LEAST_RECONSTRUCTED || outputs !== sizeOf(model.input.shape)) return false
  // Pixels lie between 0 and 1, and may come from a sigmoid.
  return model.finish === 'sigmoid' || (model.finish !== 'softmax' && !isClassifier(model))
}
