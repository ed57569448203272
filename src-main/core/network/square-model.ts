import type { LinearLayer, Model, Shape } from './layer-model.ts'
import type { ExactLayer } from './polynomial-model.ts'

/**
 * The same function with linear maps and squarings only: coefficients folded into the neighbours by
 * completing the square (quadratic), or depressing (quartic: (x² + p/2)² + q·x). What the planner takes.
 */
export type SquareModel = Model<LinearLayer | SquareLayer> & {
  /** Largest |value| that each layer produced on the calibration inputs; the planner keeps it under q0 / scale. */
  readonly bounds: ReadonlyMap<string, number>
  /** Of a part of a network: what crosses the cuts before and behind it beside the input and the output. */
  readonly carried?: Carried
}

export interface Carried {
  readonly inputs: readonly NamedValue[]
  /** Layers, carried inputs, or the input itself. */
  readonly outputs: readonly string[]
}

export interface NamedValue {
  readonly id: string
  readonly shape: Shape
}

/** Square models with exact layers between them, which only an owner's refresh can compute. */
export type RefreshedModel = Model<LinearLayer | SquareLayer | ExactLayer> & Pick<SquareModel, 'bounds'>

/** y = x². */
export interface SquareLayer {
  readonly kind: 'square'
  readonly id: string
  readonly sources: readonly string[]
  readonly shape: Shape
  readonly input: string
}
