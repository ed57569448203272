import { present } from '../must.ts'
import { invariant } from '../errors.ts'
import { broadcastTo, isIdentity, rearrange } from '../graph/rearrange.ts'
import type { Tensor } from '../graph/graph.ts'
import { badShape, countOf, sameShape } from '../graph/shapes.ts'
import type {
  Activation,
  Finish,
  LayerId,
  LayerModel,
  LinearLayer,
  LinearTerm,
  MaxPoolLayer,
  Shape,
} from '../network/layer-model.ts'
import { INPUT, sizeOf } from '../network/layer-model.ts'
import type { Budget } from './budget.ts'
import { addTerms } from '../network/compose-linear.ts'
import {
  channelScale,
  compressBias,
  elementScale,
  expandBias,
  gatherMap,
  parametersOf,
} from '../network/linear-maps.ts'
import { rearrangeView, type View } from './values.ts'

type Layer = LayerModel['layers'][number]
type WithoutId<L> = L extends Layer ? Omit<L, 'id'> : never

/** No layer of a network that can be encrypted comes near; it bounds time and memory for those that cannot. */
const maximumElements = 2 ** 22

/** How the network's input is laid out as [C,H,W]. */
export interface InputForm {
  readonly shape: Shape
  readonly layout: 'nchw' | 'nhwc'
}

/** Collects the layers of a network while its nodes are lowered one by one. */
export class NetworkBuilder {
  readonly layers: Layer[] = []
  /** The fixed batch size of the ONNX input; 1 where it is free. */
  readonly batch: number
  finish: Finish = 'none'
  /** Whether quantised values are rounded as in the file; else they are real numbers, held in their range. */
  readonly onIntegers: boolean
  /** Of the scores, where the file rounds them to multiples of it. */
  outputStep: number | undefined
  /** Whether something read the input as an image of its present form. */
  inputIsImage = false
  /**
   * The form that the first use of the input as an image showed, where it is not the one given. Layers made before that
   * use read the form given, so the network has to be lowered again with this one.
   */
  otherForm: InputForm | undefined
  readonly budget: Budget
  readonly #shapes = new Map<LayerId, Shape>()
  readonly #onnxInput: readonly number[]
  /** Whether the form of the input stays, whatever its uses show. */
  #inputIsFinal: boolean
  #sources: readonly string[] = []
  #kind = ''
  #firstOfNode = 0

  constructor(
    batch: number,
    onnxInput: readonly number[],
    input: InputForm,
    inputIsFinal: boolean,
    budget: Budget,
    onIntegers = false,
  ) {
    this.onIntegers = onIntegers
    this.batch = batch
    this.budget = budget
    this.#onnxInput = onnxInput
    this.#inputIsFinal = inputIsFinal
    this.#shapes.set(INPUT, input.shape)
  }

  /** The node that the next layers come from. */
  beginNode(operator: string, sources: readonly string[]): void {
    this.#kind = operator.toLowerCase()
    this.#firstOfNode = this.layers.length
    this.#sources = sources
  }

  shapeOf = (id: LayerId): Shape => {
    const shape = this.#shapes.get(id)
    invariant(shape, `no layer “${id}”`)
    return shape
  }

  addLinear(terms: readonly LinearTerm[], bias: Float64Array, shape: Shape): LayerId {
    const merged = addTerms(terms, shape, this.shapeOf)
    for (const { map } of merged) this.budget.spend(parametersOf(map) * (map.kind === 'sparse' ? 2 : 1))
    this.budget.spend(bias.length)
    const layer: Omit<LinearLayer, 'id'> = {
      kind: 'linear',
      sources: this.#sources,
      shape,
      terms: merged,
      bias: compressBias(bias, shape),
    }
    return this.#add(layer)
  }

  addActivation(input: LayerId, activation: Activation): LayerId {
    return this.#add({ kind: 'activation', sources: this.#sources, shape: this.shapeOf(input), input, activation })
  }

  addMaxPool(layer: Omit<MaxPoolLayer, 'kind' | 'id' | 'sources'>): LayerId {
    return this.#add({ kind: 'max-pool', sources: this.#sources, ...layer })
  }

  #add(layer: WithoutId<Layer>): LayerId {
    if (sizeOf(layer.shape) === 0) throw badShape(`an output of [${layer.shape}] has no elements`)
    if (sizeOf(layer.shape) > maximumElements) throw badShape(`an output of [${layer.shape}] is too large to encrypt`)
    const id = `${this.#kind}_${this.layers.length + 1}`
    this.layers.push({ ...layer, id })
    this.#shapes.set(id, layer.shape)
    return id
  }

  /** A placeholder of known shape behind an unsupported node, so that what follows is still examined. */
  addPlaceholder(shape: readonly number[]): View {
    const layerShape = imageShape(shape)
    const source = this.#add({
      kind: 'activation',
      sources: this.#sources,
      shape: layerShape,
      input: INPUT,
      activation: { operator: 'unsupported', parameters: {} },
    })
    return { kind: 'view', source, shape }
  }

  /** The layer whose output is exactly the view's elements as [C,H,W]. */
  asImage(view: View, shape: Shape): LayerId {
    const { source, order } = view
    const sourceShape = this.shapeOf(source)
    invariant(countOf(view.shape) === sizeOf(shape), `a view of [${view.shape}] is not [${shape}]`)
    if (isIdentity(order, sizeOf(sourceShape)) && sameShape(sourceShape, shape)) {
      this.inputIsImage ||= source === INPUT
      return source
    }
    if (source === INPUT && this.#takesForm(order, shape)) return source
    return this.addLinear(
      [{ input: source, map: gatherMap(order, sourceShape, shape) }],
      new Float64Array(shape[0]),
      shape,
    )
  }

  /** The input's own [C,H,W] is not known before something uses it as an image: whether this use decides it. */
  #takesForm(order: Int32Array | undefined, shape: Shape): boolean {
    const layout = this.#inputIsFinal ? undefined : this.#layoutSeen(order, shape)
    if (!layout) return false
    this.otherForm = { shape, layout }
    this.#shapes.set(INPUT, shape)
    this.#inputIsFinal = true
    return true
  }

  /** The layout in which the input is the image that a use of it wants; undefined where it must be rearranged. */
  #layoutSeen(order: Int32Array | undefined, shape: Shape): InputForm['layout'] | undefined {
    const size = sizeOf(shape)
    if (size !== sizeOf(this.shapeOf(INPUT))) return undefined
    const [channels] = shape
    const plane = size / channels
    const channelsAreLast = this.#onnxInput.length > 2 && this.#onnxInput.at(-1) === channels
    if (isIdentity(order, size)) {
      const isNhwc = channelsAreLast && this.#onnxInput.length === 4 && this.#onnxInput[1] !== channels
      return isNhwc ? 'nhwc' : 'nchw'
    }
    const isMoved = (from: number, element: number): boolean =>
      from === (element % plane) * channels + Math.floor(element / plane)
    return channelsAreLast && order?.every(isMoved) ? 'nhwc' : undefined
  }

  /** A view that holds every element of its source exactly once. */
  settle(view: View): View {
    const size = sizeOf(this.shapeOf(view.source))
    if (!view.order || isPermutation(view.order, size)) return view
    const shape = imageShape(view.shape)
    return { kind: 'view', source: this.asImage(view, shape), shape: view.shape }
  }

  /** Σ factor × view + shift, all broadcast to `shape`; `shift` is flat in ONNX order. */
  sum(parts: readonly { view: View; factor: number }[], shape: readonly number[], shift?: Float64Array): View {
    const views = parts.map(({ view }) => this.#broadcast(view, shape))
    const settled = views.find((view) => !view.order || isPermutation(view.order, sizeOf(this.shapeOf(view.source))))
    const layerShape = settled ? this.shapeOf(settled.source) : imageShape(shape)
    const order = settled?.order
    const terms = parts.map(({ factor }, index) => {
      const view = present(views[index])
      const gather = order ? scatterIndices(view.order, order) : view.order
      return { input: view.source, map: gatherMap(gather, this.shapeOf(view.source), layerShape, factor) }
    })
    const bias = shift ? scatter(shift, order) : new Float64Array(layerShape[0])
    return { kind: 'view', source: this.addLinear(terms, bias, layerShape), shape, order }
  }

  /** factor ⊙ view + shift, the tensors broadcast against the view as ONNX does. */
  affine(view: View, shape: readonly number[], factor: Tensor | undefined, shift: Tensor | undefined): View {
    const { source, order } = this.settle(this.#broadcast(view, shape))
    const layerShape = this.shapeOf(source)
    const spread = (tensor: Tensor) => scatter(rearrange(tensor.data, broadcastTo(tensor.shape, shape)), order)
    if (!factor && shift && this.#shiftOwnLayer(source, spread(shift))) return { kind: 'view', source, shape, order }
    const map = factor
      ? elementScale(spread(factor), layerShape)
      : channelScale(new Float64Array(layerShape[0]).fill(1))
    const bias = shift ? spread(shift) : new Float64Array(layerShape[0])
    return { kind: 'view', source: this.addLinear([{ input: source, map }], bias, layerShape), shape, order }
  }

  /** A shift of a linear layer that this very node has just made goes into its bias. */
  #shiftOwnLayer(id: LayerId, shift: Float64Array): boolean {
    const layer = this.layers.at(-1)
    if (layer?.kind !== 'linear' || layer.id !== id || this.layers.length === this.#firstOfNode) return false
    const bias = expandBias(layer.bias, layer.shape).map((value, index) => value + present(shift[index]))
    this.layers[this.layers.length - 1] = { ...layer, bias: compressBias(bias, layer.shape) }
    return true
  }

  #broadcast(view: View, shape: readonly number[]): View {
    if (sameShape(view.shape, shape)) return view
    if (countOf(view.shape) === countOf(shape)) return { ...view, shape }
    return rearrangeView(view, broadcastTo(view.shape, shape))
  }
}

/** The [C,H,W] of an ONNX shape, its batch axis left out; signals and columns get height 1. */
export function imageShape(shape: readonly number[]): Shape {
  const [channels = 1, height, ...rest] = shape.length > 1 && shape[0] === 1 ? shape.slice(1) : shape
  if (height === undefined) return [channels, 1, 1]
  const width = countOf(rest)
  return rest.length === 0 || width === 1 ? [channels, 1, height] : [channels, height, width]
}

/** Whether each of 0 … size − 1 occurs exactly once. */
export function isPermutation(order: Int32Array, size: number): boolean {
  if (order.length !== size) return false
  const seen = new Uint8Array(size)
  for (const index of order) {
    if (index < 0 || seen[index]) return false
    seen[index] = 1
  }
  return true
}

/** From ONNX order to the order of the layer in which element i is at order[i]. */
function scatter(values: Float64Array, order: Int32Array | undefined): Float64Array {
  if (!order) return values
  const out = new Float64Array(values.length)
  order.forEach((target, index) => (out[target] = present(values[index])))
  return out
}

function scatterIndices(indices: Int32Array | undefined, order: Int32Array): Int32Array {
  const out = new Int32Array(order.length)
  order.forEach((target, index) => (out[target] = indices ? present(indices[index]) : index))
  return out
}
