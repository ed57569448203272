import { UserError } from '../errors.ts'
import type { Graph } from '../graph/graph.ts'
import { countOf } from '../graph/shapes.ts'
import { imageShape, type InputForm } from './network-builder.ts'

/** Of one sample, and samples of one batch. */
const mostElements = 2 ** 20

export interface ChosenInput {
  readonly name: string
  /** What ONNX Runtime wants; a free batch is 1. */
  readonly onnxShape: readonly number[]
  /** The same for one sample. */
  readonly boundShape: readonly number[]
  /** The fixed batch size; 1 where it is free. */
  readonly batch: number
  readonly hasBatch: boolean
  /** Whether the batch may have any size. */
  readonly isFree: boolean
  /** False for strings and the like, which only unsupported nodes can read. */
  readonly isNumeric: boolean
  /** The likely [C,H,W] form, for networks that never use the input as an image. */
  readonly form: InputForm
}

/**
 * The only input of a pruned graph, bound to one sample: first as a batch of samples, then, where the first axis has a
 * fixed size that need not be one, as a single sample. Throws 'several-inputs', 'no-input', 'dynamic-input'.
 */
export function chooseInput(graph: Graph): readonly ChosenInput[] {
  const [input, ...others] = graph.inputs
  if (!input) throw new UserError('no-input', 'The output does not depend on any input.')
  if (others.length > 0) {
    const names = graph.inputs.map(({ name }) => `“${name}”`).join(', ')
    throw new UserError('several-inputs', `The network reads ${graph.inputs.length} inputs: ${names}.`, {
      hint: graph.inputs.every(isColumn)
        ? `Export with all columns in one input, in scikit-learn’s converter initial_types=[("X", FloatTensorType([None, ${graph.inputs.length}]))] and a model fitted to an array.`
        : 'Make the others constants, or choose an output that needs one input only.',
    })
  }
  const isNumeric = input.elementType === 'float' || input.elementType === 'int'
  if (!input.shape) throw new UserError('dynamic-input', `The input “${input.name}” has no shape.`, { hint })
  const onnxShape = input.shape.map((size, axis) => (typeof size === 'string' && axis === 0 ? 1 : size))
  const isFixed = onnxShape.every((size): size is number => typeof size === 'number')
  if (!isFixed) throw new UserError('dynamic-input', `The input “${input.name}” is [${input.shape}].`, { hint })
  const [samples = 1] = onnxShape
  if (countOf(onnxShape.slice(1)) > mostElements || samples > mostElements) {
    throw new UserError('too-large', `The input “${input.name}” is [${input.shape}]: too large to encrypt.`)
  }
  const isFree = typeof input.shape[0] === 'string'
  const bind = (hasBatch: boolean): ChosenInput => {
    const boundShape = hasBatch ? [1, ...onnxShape.slice(1)] : onnxShape
    const batch = hasBatch ? samples : 1
    const base = { name: input.name, onnxShape, isNumeric, isFree: hasBatch && isFree }
    return { ...base, boundShape, batch, hasBatch, form: guessForm(boundShape) }
  }
  if (onnxShape.length < 2) return [bind(false)]
  const isOneSample = samples === 1 || countOf(onnxShape) > mostElements
  return isOneSample ? [bind(true)] : [bind(true), bind(false)]
}

/** One column of a table, as scikit-learn's converter writes a data frame. */
const isColumn = ({ shape }: { readonly shape?: readonly unknown[] }): boolean => shape?.length === 2 && shape[1] === 1

const hint = 'Say which size it is to have, such as --input-shape 1,3,32,32, or export with a fixed one.'

function guessForm(shape: readonly number[]): InputForm {
  const [samples, height = 1, width = 1, channels = 1] = shape
  if (samples === 1 && shape.length === 4 && channels <= 4 && height > 4) {
    return { shape: [channels, height, width], layout: 'nhwc' }
  }
  if (samples === 1 && shape.length === 3 && Math.min(height, width) > 4) {
    return { shape: [1, height, width], layout: 'nchw' }
  }
  return { shape: imageShape(shape), layout: 'nchw' }
}
