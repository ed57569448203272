import { activationFunction } from '../network/activations.ts'
import { rowsPerChannel } from '../network/coefficient-rows.ts'
import { INPUT, sizeOf } from '../network/layer-model.ts'
import type { LayerId, LinearLayer, Shape } from '../network/layer-model.ts'
import type { PolynomialLayer } from '../network/polynomial-model.ts'
import { runLayer, shapesOf } from '../network/run-layers.ts'
import type { AnyLayer, AnyModel } from '../network/run-layers.ts'
import { must } from '../must.ts'
import { Arena } from './arena.ts'
import type { Block } from './arena.ts'
import type { Kernels, Runs } from './kernels.ts'
import { LinearStep } from './linear-step.ts'
import type { Parameters } from './linear-step.ts'
import { PolynomialStep } from './polynomial-step.ts'

type Step = LinearStep | PolynomialStep | Exclude<AnyLayer, LinearLayer>

/**
 * A network in single precision on `samples` inputs at once (a multiple of 8): its outputs, and by backpropagation
 * the gradient of a loss in the weights and biases of its linear layers. Values are laid out
 * value[element × samples + sample]. Maximum poolings pass no gradient on.
 */
export class Network {
  readonly #model: AnyModel
  readonly #samples: number
  readonly #shapes: ReadonlyMap<LayerId, Shape>
  readonly #trained: boolean
  #steps: readonly Step[]
  readonly #values = new Map<LayerId, Block>()
  readonly #gradients = new Map<LayerId, Block>()
  readonly #kernels: Kernels

  /** `trained` reserves what the gradients need. */
  constructor(model: AnyModel, samples: number, trained: boolean) {
    this.#model = model
    this.#samples = samples
    this.#trained = trained
    this.#shapes = shapesOf(model)
    const arena = new Arena()
    for (const [id, shape] of this.#shapes) {
      this.#values.set(id, arena.block(sizeOf(shape) * samples))
      if (trained) this.#gradients.set(id, arena.block(sizeOf(shape) * samples))
    }
    this.#steps = model.layers.map((layer) =>
      layer.kind === 'linear' ? new LinearStep(layer, this.#shapes, arena, samples, trained) : layer,
    )
    this.#kernels = arena.open()
    for (const step of this.#steps) if (step instanceof LinearStep) step.load()
  }

  /** None where the network is not trained. */
  get parameters(): readonly Parameters[] {
    return this.#trained ? this.#steps.flatMap((step) => ('parameters' in step ? step.parameters : [])) : []
  }

  /** From now on coefficients of degrees 2 and 4 are parameters as well; steps of them are measured by the last forward pass. */
  freePolynomials(): void {
    this.#steps = this.#steps.map((step) =>
      'kind' in step && step.kind === 'polynomial' && isFreed(step)
        ? new PolynomialStep(step, this.valuesOf(step.input), this.#samples)
        : step,
    )
  }

  /** From now on steps of weights are to be taken in a basis in which what they multiply is uncorrelated, as the inputs show it. */
  decorrelate(inputs: readonly Float64Array[]): void {
    for (let first = 0; first < inputs.length; first += this.#samples) {
      this.forward(inputs.slice(first, first + this.#samples))
      for (const step of this.#steps) if (step instanceof LinearStep) step.observe(this.#values)
    }
    for (const step of this.#steps) if (step instanceof LinearStep) step.decorrelate()
  }

  /** The model with the parameters as they are now. */
  withParameters<Model extends AnyModel>(model: Model): Model {
    const changed = new Map(this.#steps.flatMap((step) => ('current' in step ? [[step.layer.id, step.current]] : [])))
    return { ...model, layers: model.layers.map((layer) => changed.get(layer.id) ?? layer) }
  }

  /** Outputs of the inputs (at most `samples`), as [element × samples + sample]; valid until the next call. */
  forward(inputs: readonly Float64Array[]): Float32Array {
    putSideBySide(inputs, this.#samples, must(this.#values, INPUT).values)
    return this.#run()
  }

  /** As `forward`, of inputs that lie side by side already. */
  forwardOf(inputs: Float32Array): Float32Array {
    must(this.#values, INPUT).values.set(inputs)
    return this.#run()
  }

  #run(): Float32Array {
    for (const step of this.#steps) {
      if (step instanceof LinearStep) step.run(this.#kernels, this.#values)
      else if (step instanceof PolynomialStep) this.#runElementwise(step.load())
      else this.#runElementwise(step)
    }
    return must(this.#values, this.#model.output).values
  }

  shapeOf(id: LayerId): Shape {
    return must(this.#shapes, id)
  }

  /** What the last forward pass gave at a layer; valid until the next one. */
  valuesOf(id: LayerId): Float32Array {
    return must(this.#values, id).values
  }

  /** The gradients of the parameters for the last forward pass, given the loss's gradient in the outputs. */
  backward(outputGradient: Float32Array): void {
    for (const { gradient } of this.parameters) gradient.fill(0)
    for (const { values } of this.#gradients.values()) values.fill(0)
    must(this.#gradients, this.#model.output).values.set(outputGradient)
    for (const step of this.#steps.toReversed()) {
      if (step instanceof LinearStep) step.back(this.#kernels, this.#values, this.#gradients)
      else if (step instanceof PolynomialStep) {
        step.back(this.valuesOf(step.layer.input), must(this.#gradients, step.layer.id).values)
        this.#backElementwise(step.layer)
      } else this.#backElementwise(step)
    }
  }

  #runElementwise(layer: Exclude<AnyLayer, LinearLayer>): void {
    const [input, block] = [must(this.#values, layer.input), must(this.#values, layer.id)]
    const [x, out] = [input.values, block.values]
    if (layer.kind === 'max-pool') {
      out.set(runLayer(layer, this.#shapes, new Map([[layer.input, Float64Array.from(x)]]), this.#samples))
      return
    }
    const kernels = this.#kernels
    eachRow(layer, this.#samples, (at, from, runs) => {
      const row = coefficientsOf(layer, at)
      const [to, of] = [block.at + 4 * from, input.at + 4 * from]
      if (row) kernels.polynomial(to, of, ...runs, row.length - 1, ...filled(row, 9))
      else if (layer.kind === 'activation') {
        const f = activationFunction(layer.activation, at)
        if (layer.activation.operator === 'Relu') kernels.clamp(to, of, runs[0], 0, Infinity)
        else for (let i = from; i < from + runs[0]; i++) out[i] = f(x[i])
      }
    })
  }

  #backElementwise(layer: Exclude<AnyLayer, LinearLayer>): void {
    if (layer.kind === 'max-pool') return
    const [input, sum] = [must(this.#values, layer.input), must(this.#gradients, layer.input)]
    const block = must(this.#gradients, layer.id)
    const [x, into, out] = [input.values, sum.values, block.values]
    eachRow(layer, this.#samples, (at, from, runs) => {
      const row = coefficientsOf(layer, at)
      if (row) {
        const places = [sum.at + 4 * from, input.at + 4 * from, block.at + 4 * from] as const
        const slopes = row.subarray(1).map((value, k) => (k + 1) * value)
        this.#kernels.slope(...places, ...runs, row.length - 2, ...filled(slopes, 8))
      } else if (layer.kind === 'activation') {
        const slope = differenceQuotient(activationFunction(layer.activation, at))
        for (let i = from; i < from + runs[0]; i++) into[i] += out[i] * slope(x[i])
      }
    })
  }
}

/** At most `samples` inputs as [element × samples + sample]; zeros where there are fewer. */
export function putSideBySide(inputs: readonly Float64Array[], samples: number, into: Float32Array): void {
  into.fill(0)
  inputs.forEach((input, s) => {
    for (let i = 0; i < input.length; i++) into[i * samples + s] = input[i]
  })
}

const isFreed = ({ coefficients: [row] }: PolynomialLayer): boolean => row.length === 3 || row.length === 5

type Elementwise = Exclude<AnyLayer, LinearLayer | { readonly kind: 'max-pool' }>

/** Values that one function serves, from `from` on: `at` is its channel, or its row of coefficients. Activations have one run each. */
function eachRow(layer: Elementwise, samples: number, visit: (at: number, from: number, runs: Runs) => void): void {
  const [channels, height, width] = layer.shape
  const by = layer.kind === 'polynomial' ? layer.by : undefined
  const each = rowsPerChannel({ shape: layer.shape, by })
  const [length, times] = by === 'column' ? [1, height] : [(height * width) / each, 1]
  for (let at = 0; at < channels * each; at++) {
    const first = Math.floor(at / each) * height * width + (at % each) * length
    visit(at, first * samples, [length * samples, times, width * samples])
  }
}

const SQUARE = Float64Array.of(0, 0, 1)

/** A polynomial's row. */
const coefficientsOf = (layer: Elementwise, at: number): Float64Array | undefined =>
  layer.kind === 'polynomial' ? layer.coefficients[at] : layer.kind === 'square' ? SQUARE : undefined

/** What a kernel is given: a missing number would be NaN there. */
function filled(row: Float64Array, length: number): Float64Array {
  const result = new Float64Array(length)
  result.set(row)
  return result
}

/** Relative to the larger of 1 and |x|: where the difference quotient of an exact activation is taken. */
const DIFFERENCE = 1e-4

function differenceQuotient(f: (x: number) => number): (x: number) => number {
  return (x) => {
    const h = DIFFERENCE * Math.max(1, Math.abs(x))
    return (f(x + h) - f(x - h)) / (2 * h)
  }
}
