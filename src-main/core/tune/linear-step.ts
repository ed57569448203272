import { isStructural } from '../network/linear-maps.ts'
import { INPUT, sizeOf } from '../network/layer-model.ts'
import type { LayerId, LinearLayer, LinearMap, Shape, SparseMap } from '../network/layer-model.ts'
import { must, present } from '../must.ts'
import type { Arena, Block } from './arena.ts'
import type { Kernels, LinearKernel } from './kernels.ts'
import { InputMoments } from './input-basis.ts'
import type { InputBasis } from './input-basis.ts'
import { eachGroup, eachImageRow, geometryOf, paddedSize } from './linear-term.ts'
import type { Geometry } from './linear-term.ts'

/** Numbers that may change: the weights of a term, the biases of a layer or the coefficients of a polynomial. */
export interface Parameters {
  readonly layer: LayerId
  readonly of: 'weights' | 'bias' | 'coefficients'
  readonly values: Float32Array
  /** Of the loss, as a sum of several lanes: gradient[lanes × i + …] belongs to values[i]. */
  readonly gradient: Float32Array
  readonly lanes: number
  /** How often one sample shows each of them, over how many are learnt together: places over taps. */
  readonly evidence: number
  /** What each is measured by, where that is not their own size. */
  readonly units?: Float32Array
  /** Of weights: for each group of rows, one after the other, what steps are taken in. */
  readonly bases?: readonly InputBasis[]
}

interface Term {
  readonly input: LayerId
  readonly map: LinearMap
  /** Undefined for a sparse map. */
  readonly geometry?: Geometry
  readonly bases: Block
  readonly offsets: Block
  readonly weights: Block
  /** The gradient's; undefined where the weights are structural. */
  readonly lanes?: Block
  readonly padded: Block
  /** Of each group's inputs, where steps are to be taken in a basis of theirs. */
  readonly moments?: readonly InputMoments[]
}

const LANES = 4
/** Channels and taps that a basis may have, for each place that uses the weights: more would take longer than the passes themselves. */
const MOST_DIRECTIONS = 2

/** One linear layer in the kernels' memory, for `samples` inputs side by side. */
export class LinearStep {
  readonly layer: LinearLayer
  readonly #terms: readonly Term[]
  readonly #bias: Block
  readonly #biasGradient: Block
  readonly #samples: number
  /** By term. */
  readonly #bases = new Map<number, readonly InputBasis[]>()

  /** `trained` reserves what the gradients need. */
  constructor(
    layer: LinearLayer,
    shapes: ReadonlyMap<LayerId, Shape>,
    arena: Arena,
    samples: number,
    trained: boolean,
  ) {
    this.layer = layer
    this.#samples = samples
    this.#terms = layer.terms.map(({ input, map }) => {
      const geometry = map.kind === 'sparse' ? undefined : geometryOf(map, must(shapes, input), layer.shape)
      const count = map.kind === 'sparse' ? 0 : map.weight.length
      return {
        input,
        map,
        ...(geometry && { geometry }),
        bases: arena.block(geometry?.bases.length ?? 0),
        offsets: arena.block(geometry?.offsets.length ?? 0),
        weights: arena.block(count),
        ...(trained && !isStructural(map) && { lanes: arena.block(LANES * count), moments: momentsOf(geometry) }),
        padded: arena.scratch(geometry?.padding ? paddedSize(geometry.padding) * samples : 0),
      }
    })
    this.#bias = arena.block(layer.bias.length)
    this.#biasGradient = arena.block(trained ? layer.bias.length : 0)
  }

  /** Writes weights and addresses, once the arena is open. */
  load(): void {
    this.#bias.values.set(this.layer.bias)
    for (const { map, geometry, bases, offsets, weights } of this.#terms) {
      if (map.kind === 'sparse') continue
      weights.values.set(map.weight)
      bases.integers.set(present(geometry).bases.map((value) => value * this.#samples * 4))
      offsets.integers.set(present(geometry).offsets.map((value) => value * this.#samples * 4))
    }
  }

  get parameters(): Parameters[] {
    const layer = this.layer.id
    const weights = this.#terms.flatMap(({ geometry, weights: { values }, lanes }, term) => {
      if (!lanes || !geometry) return []
      const evidence = geometry.places / geometry.taps
      const bases = this.#bases.get(term)
      const known = { layer, of: 'weights' as const, values, gradient: lanes.values, lanes: LANES, evidence }
      return [{ ...known, ...(bases && { bases }) }]
    })
    const evidence = sizeOf(this.layer.shape) / this.layer.bias.length
    const bias = { layer, values: this.#bias.values, gradient: this.#biasGradient.values, lanes: 1, evidence }
    return [...weights, { ...bias, of: 'bias' as const }]
  }

  /** Sees how inputs vary in the last forward pass. */
  observe(values: ReadonlyMap<LayerId, Block>): void {
    for (const term of this.#terms) {
      const { geometry, moments, padded } = term
      if (!moments || !geometry) continue
      const input = must(values, term.input)
      this.#readable(term, input)
      const read = geometry.padding ? padded : input
      moments.forEach((group, g) =>
        group.see(read.values, this.#samples, g * geometry.groupStep, geometry.bases, geometry.offsets),
      )
    }
  }

  /** From now on the parameters have the bases of what was seen. */
  decorrelate(): void {
    this.#terms.forEach(({ moments }, term) => {
      if (moments)
        this.#bases.set(
          term,
          moments.map(({ basis }) => basis),
        )
    })
  }

  /** The layer with its parameters as they are now. */
  get current(): LinearLayer {
    const terms = this.#terms.map(({ input, map, lanes, weights: { values } }) => ({
      input,
      map: map.kind === 'sparse' || !lanes ? map : { ...map, weight: Float64Array.from(values) },
    }))
    return { ...this.layer, terms, bias: Float64Array.from(this.#bias.values) }
  }

  run(kernels: Kernels, values: ReadonlyMap<LayerId, Block>): void {
    const out = must(values, this.layer.id)
    const run = out.values.length / this.#bias.values.length
    this.#bias.values.forEach((value, i) => out.values.fill(value, i * run, (i + 1) * run))
    for (const term of this.#terms) {
      const x = must(values, term.input)
      if (term.map.kind === 'sparse') applySparse(term.map, x.values, out.values, this.#samples, false)
      else this.#call(kernels, 'apply', term, out.at, this.#readable(term, x), term.weights)
    }
  }

  /** Adds to the gradients of the parameters and of the inputs' values. */
  back(kernels: Kernels, values: ReadonlyMap<LayerId, Block>, gradients: ReadonlyMap<LayerId, Block>): void {
    const out = must(gradients, this.layer.id)
    const run = out.values.length / this.#bias.values.length
    const sums = this.#biasGradient.values
    for (let i = 0; i < sums.length; i++) sums[i] += kernels.sum(out.at + 4 * i * run, run)
    for (const term of this.#terms) {
      const { input, map, geometry, lanes, weights, padded } = term
      if (lanes) this.#call(kernels, 'gradient', term, out.at, this.#readable(term, must(values, input)), lanes)
      if (input === INPUT) continue
      const into = must(gradients, input)
      const padding = geometry?.padding
      if (map.kind === 'sparse') applySparse(map, into.values, out.values, this.#samples, true)
      else if (!padding) this.#call(kernels, 'applyTransposed', term, out.at, into.at, weights)
      else {
        padded.values.fill(0)
        this.#call(kernels, 'applyTransposed', term, out.at, padded.at, weights)
        eachImageRow(padding, this.#samples, (inside, outside, length) =>
          kernels.add(into.at + 4 * inside, padded.at + 4 * outside, length),
        )
      }
    }
  }

  #call(kernels: Kernels, which: LinearKernel, term: Term, out: number, x: number, weights: Block): void {
    const places = { out, x, weights: weights.at, bases: term.bases.at, offsets: term.offsets.at }
    eachGroup(kernels, which, present(term.geometry), places, this.#samples)
  }

  /** The address of what the term reads: the padded image where there is one. */
  #readable({ geometry, padded }: Term, x: Block): number {
    if (!geometry?.padding) return x.at
    const [to, image] = [padded.values, x.values]
    to.fill(0)
    eachImageRow(geometry.padding, this.#samples, (inside, outside, length) =>
      to.set(image.subarray(inside, inside + length), outside),
    )
    return padded.at
  }
}

function momentsOf(geometry: Geometry | undefined): InputMoments[] | undefined {
  if (!geometry) return undefined
  const { groups, taps, area, places } = geometry
  if (taps / area + area > MOST_DIRECTIONS * places) return undefined
  return Array.from({ length: groups }, () => new InputMoments(taps / area, area))
}

/** out += map·x, or with `back` x += mapᵀ·out. */
function applySparse(map: SparseMap, x: Float32Array, out: Float32Array, samples: number, back: boolean): void {
  for (let row = 0; row + 1 < map.rowStarts.length; row++) {
    for (let entry = map.rowStarts[row]; entry < map.rowStarts[row + 1]; entry++) {
      const value = map.values[entry]
      const [i, o] = [map.columns[entry] * samples, row * samples]
      if (back) for (let s = 0; s < samples; s++) x[i + s] += value * out[o + s]
      else for (let s = 0; s < samples; s++) out[o + s] += value * x[i + s]
    }
  }
}
