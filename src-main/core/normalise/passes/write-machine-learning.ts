import { floatAttribute, floatsAttribute, intAttribute, stringAttribute } from '../../graph/attributes.ts'
import type { Node } from '../../graph/graph.ts'
import type { Rewriting } from '../quantised/rewriting.ts'
import { last, type Writer } from './writing.ts'

/** What scikit-learn's converter writes: https://onnx.ai/onnx/operators/ (ai.onnx.ml). */
export const machineLearning: Readonly<Record<string, Writer>> = {
  /** Formula: (x − offset)·scale, one of each or one for each feature. */
  Scaler(rewriting, node) {
    const offset = floatsAttribute(node, 'offset') ?? [0]
    const scale = floatsAttribute(node, 'scale') ?? [1]
    const shifted = rewriting.add(node, 'Sub', [node.inputs[0], rewriting.constant(node, offset, [offset.length])])
    const factor = rewriting.constant(node, scale, [scale.length])
    rewriting.add(node, 'Mul', [shifted, factor], {}, node.outputs[0])
    return true
  },
  /** What stands for a missing value is NaN as a rule, and no sample has any. */
  Imputer(rewriting, node) {
    const [x] = node.inputs
    const missing = node.attributes['replaced_value_float']
    const imputed = floatsAttribute(node, 'imputed_value_floats')
    if (!imputed) return false
    if (typeof missing !== 'number' || Number.isNaN(missing)) return last(rewriting, node, 'Identity', x)
    const isMissing = rewriting.add(node, 'Equal', [x, rewriting.constant(node, [missing])])
    const values = rewriting.constant(node, imputed, [imputed.length])
    rewriting.add(node, 'Where', [isMissing, values, x], {}, node.outputs[0])
    return true
  },
  Binarizer(rewriting, node) {
    const threshold = rewriting.constant(node, [floatAttribute(node, 'threshold', 0)])
    const isAbove = rewriting.add(node, 'Greater', [node.inputs[0], threshold])
    rewriting.add(node, 'Cast', [isAbove], { to: 1 }, node.outputs[0])
    return true
  },
  FeatureVectorizer(rewriting, node) {
    rewriting.add(node, 'Concat', node.inputs, { axis: 1 }, node.outputs[0])
    return true
  },
  /** Each row by its own norm: the owner's, at the end. */
  Normalizer(rewriting, node) {
    const [x] = node.inputs
    const norm = stringAttribute(node, 'norm', 'MAX')
    if (norm === 'L1' || norm === 'L2') {
      return last(rewriting, node, 'LpNormalization', x, { axis: -1, p: norm === 'L1' ? 1 : 2 })
    }
    const largest = rewriting.add({ ...node, opset: 13 }, 'ReduceMax', [x], { axes: [-1], keepdims: 1 })
    rewriting.add(node, 'Div', [x, largest], {}, node.outputs[0])
    return true
  },
  /** One row of coefficients for each target. */
  LinearRegressor(rewriting, node) {
    const targets = intAttribute(node, 'targets', 1)
    if (stringAttribute(node, 'post_transform', 'NONE') !== 'NONE') return false
    return linear(rewriting, node, node.inputs[0], targets, node.outputs[0]) !== undefined
  },
  /** The label is the best class, whatever is done to the scores. */
  LinearClassifier(rewriting, node) {
    const [label, scores = ''] = node.outputs
    const names = ['classlabels_ints', 'classlabels_strings'].map((name) => node.attributes[name])
    const [integers, texts] = names.map((list) => (Array.isArray(list) ? (list as readonly unknown[]) : []))
    const classes = Math.max(integers.length, texts.length)
    const finish = { NONE: 'Identity', SOFTMAX: 'Softmax', LOGISTIC: 'Sigmoid' }[
      stringAttribute(node, 'post_transform', 'NONE')
    ]
    const raw = classes < 2 || !finish ? undefined : linear(rewriting, node, node.inputs[0], classes)
    if (raw === undefined) return false
    if (finish !== undefined && scores !== '') {
      rewriting.add(node, finish, [raw], finish === 'Softmax' ? { axis: -1 } : {}, scores)
    }
    if (label === '') return true
    const best = rewriting.add(node, 'ArgMax', [raw], { axis: -1, keepdims: 0 })
    const table =
      integers.length > 0 ? rewriting.integers(node, integers as number[]) : rewriting.texts(node, texts as string[])
    rewriting.add(node, 'Gather', [table, best], {}, label)
    return true
  },
  /** An index without a shape picks a column, as [0] does; Gather would drop the axis. */
  ArrayFeatureExtractor(rewriting, node) {
    const [x, y] = node.inputs
    const index = rewriting.constants.get(y)
    const places = index?.shape.length === 0 ? rewriting.integers(node, index.data, [1]) : y
    rewriting.add(node, 'Gather', [x, places], { axis: -1 }, node.outputs[0])
    return true
  },
  /** Its maps hold the probabilities under the names of the classes. */
  ZipMap: (rewriting, node) => last(rewriting, node, 'Identity', node.inputs[0]),
}

/** x · Cᵀ + intercepts; undefined where the coefficients do not fit. */
function linear(rewriting: Rewriting, node: Node, x: string, rows: number, output?: string): string | undefined {
  const coefficients = floatsAttribute(node, 'coefficients') ?? []
  const intercepts = floatsAttribute(node, 'intercepts') ?? []
  const features = coefficients.length / rows
  if (!Number.isInteger(features) || features < 1 || ![0, rows].includes(intercepts.length)) return undefined
  const weight = rewriting.constant(node, coefficients, [rows, features])
  const bias = intercepts.length > 0 ? [rewriting.constant(node, intercepts, [rows])] : []
  const real = rewriting.add(node, 'Cast', [x], { to: 1 })
  return rewriting.add({ ...node, opset: 13 }, 'Gemm', [real, weight, ...bias], { transB: 1 }, output)
}
