import { must, present } from '../must.ts'
import { INPUT, sizeOf, type LayerId, type Shape } from '../network/layer-model.ts'
import {
  type CkksParameters,
  type ElementPacking,
  type InputLevel,
  type InputPacking,
  type OutputPacking,
  type Plan,
  type PlannedLayer,
  type PlannedNetwork,
  type Register,
  type WeightIndex,
} from '../plan/plan.ts'
import { splitBabyGiant } from './baby-giant.ts'
import { PlanBuilder } from './builder.ts'
import { convDiagonals, isPlacedConvolution } from './conv-diagonals.ts'
import { elementDiagonals, numberOfWeight, zeroDiagonals, type DiagonalSet } from './diagonals.ts'
import { packFirstLayer } from './first-layer.ts'
import { modulo, positionsOf, type Layout } from './layout.ts'
import { addsLanesFirst, keySwitchCosts, type LinearChoice, type TermChoice } from './linear-options.ts'
import { deriveRotations, rotationCosts } from './rotation-steps.ts'
import type { SearchResult, SearchSettings } from './search.ts'
import { elementSlots, freeSlots, zeroSlots, type MarkZeros, type SupportOf } from './slot-marks.ts'
import type { LinearStep, SquareStep, Step } from './steps.ts'
import { walkMap } from './weights.ts'

export interface EmitRequest {
  readonly steps: readonly Step[]
  readonly outputs: readonly LayerId[]
  readonly inputShape: InputPacking['shape']
  readonly parameters: CkksParameters
  /** Of values with 1, 2, … primes left. */
  readonly scales: readonly number[]
  readonly search: SearchResult
  readonly settings: SearchSettings
}

/** The shape of several values one after the other. */
const joined = (shapes: readonly Shape[]): Shape =>
  shapes.length === 1 ? shapes[0] : [shapes.reduce((sum, shape) => sum + sizeOf(shape), 0), 1, 1]

/** Turns chosen layouts into instructions and weight vectors. */
export function emitPlan(request: EmitRequest): PlannedNetwork {
  return new Emitter(request).emit()
}

interface PlacedSet {
  readonly set: DiagonalSet
  readonly offset: number
  /** The same with numbers in place of weights, where these may repeat. */
  readonly numbered?: DiagonalSet
  readonly markZeros?: MarkZeros
  readonly support?: SupportOf
}

class Emitter {
  readonly #request: EmitRequest
  /** Inputs: whoever packs them leaves zero in all other slots. */
  readonly #packed = new Set<LayerId>()
  readonly #builder: PlanBuilder
  readonly #values = new Map<LayerId, readonly Register[]>()
  readonly #layers: PlannedLayer[] = []
  readonly #sources: Int32Array[] = []
  readonly #levels: InputLevel[] = []
  /** Rotation steps used so far: their keys exist. */
  readonly #steps = new Set<number>()

  constructor(request: EmitRequest) {
    this.#request = request
    this.#builder = new PlanBuilder(request.parameters, request.settings.slots)
    const { search, settings } = request
    let elements = 0
    for (const { id, shape } of [{ id: INPUT, shape: request.inputShape }, ...settings.carried.inputs]) {
      const layout = search.layouts.get(id)
      if (layout) {
        this.#values.set(id, this.#packTensor(layout, must(settings.primes, id), elements))
        this.#packed.add(id)
      }
      elements += sizeOf(shape)
    }
  }

  emit(): PlannedNetwork {
    const { steps, parameters, inputShape, scales, settings } = this.#request
    for (const step of steps) {
      const first = this.#builder.instructions.length
      const result = step.kind === 'square' ? this.#emitSquare(step) : this.#emitLinear(step)
      this.#values.set(step.id, result)
      const packing = this.#packingOf(step.id)
      this.#layers.push({
        id: step.id,
        kind: step.kind,
        first,
        end: this.#builder.instructions.length,
        result,
        packing,
      })
    }
    const output = this.#output()
    const primes = this.#levels.reduce((most, level) => Math.max(most, level.primes), 0)
    const plan: Plan = {
      parameters,
      input: {
        mode: settings.input,
        shape: joined([inputShape, ...settings.carried.inputs.map(({ shape }) => shape)]),
        sources: this.#sources,
        scale: scales[Math.max(primes, 1) - 1],
        primes,
        ...(this.#levels.some((level) => level.primes < primes) && { levels: this.#levels }),
      },
      weights: this.#builder.weights,
      instructions: this.#builder.instructions,
      layers: this.#layers,
      output,
      batch: 1,
    }
    return {
      plan,
      weightVectors: (index) => this.#builder.vector(index),
      weightPatterns: (index) => this.#builder.pattern(index),
      weightSupports: (index) => this.#builder.support(index),
    }
  }

  /** One value after the other, each with no more primes than it takes to decrypt it. */
  #output(): OutputPacking {
    const { outputs, settings } = this.#request
    const registers = outputs.flatMap((id) => must(this.#values, id).map((value) => this.#builder.modSwitch(value, 1)))
    const packings = outputs.map((id) => this.#packingOf(id))
    let before = 0
    const positions = outputs.map((id, i) => {
      const offset = before * settings.slots
      before += must(this.#values, id).length
      return packings[i].positions.map((position) => position + offset)
    })
    return {
      shape: joined(packings.map(({ shape }) => shape)),
      registers,
      positions: Int32Array.from(positions.flatMap((part) => [...part])),
    }
  }

  #packingOf(id: LayerId): ElementPacking {
    const layout = must(this.#request.search.layouts, id)
    return { shape: layout.shape, positions: positionsOf(layout) }
  }

  #emitSquare(step: SquareStep): Register[] {
    const builder = this.#builder
    const { primes: left, postponed } = this.#request.settings
    const isPostponed = postponed.has(step.id)
    const primes = must(left, step.id) + (isPostponed ? 0 : 1)
    return must(this.#values, step.inputs[0]).map((register) => {
      const squared = builder.relinearise(builder.square(builder.modSwitch(register, primes)))
      return isPostponed ? squared : builder.rescale(squared)
    })
  }

  #emitLinear(step: LinearStep): Register[] {
    const choice = must(this.#request.search.choices, step.id)
    const primes = must(this.#request.settings.primes, step.id) + 1
    const { lanes, layout } = choice.candidate
    const inputs: Register[] = []
    const sets: PlacedSet[] = []
    for (const term of choice.terms) {
      const offset = inputs.length
      if (term.from) {
        inputs.push(...this.#prepared(term, primes))
        const set = this.#diagonalsOf(step, choice, term, term.from)
        const isPacked = this.#packed.has(term.term.input) && term.passes.length === 0
        const markZeros = isPacked ? zeroSlots(term.from) : undefined
        const isShared = choice.expands || this.#request.settings.packsSparse === true
        const numbered = isShared ? numberedDiagonals(choice, term, term.from) : undefined
        sets.push({ set, offset, numbered, markZeros, support: elementSlots(term.from) })
      } else {
        const { map, shape } = term.term
        const packing = packFirstLayer({ map, from: shape, to: step.shape }, layout, lanes)
        inputs.push(...this.#packInput(packing.sources, must(this.#request.settings.primes, INPUT)))
        sets.push({ set: packing, offset, numbered: packing.numbered })
      }
    }
    sets.push({
      set: zeroDiagonals(
        sets.flatMap(({ set }) => set.diagonals),
        layout.ciphertexts,
      ),
      offset: 0,
    })
    const folded = this.#products(choice, inputs, sets, primes).map((register) => {
      const isFirst = addsLanesFirst(this.#request.settings)
      let sum = isFirst ? register : this.#builder.rescale(register)
      for (let span = lanes.stride; span < lanes.stride * lanes.count; span *= 2) {
        sum = this.#builder.add(sum, this.#rotate(sum, span))
      }
      return isFirst ? this.#builder.rescale(sum) : sum
    })
    return folded.map((register, output) => this.#addBias(step, choice.variant.bias, register, output))
  }

  /** The input as a tensor: every element in each of its replicas. */
  #packTensor(layout: Layout, primes: number, firstElement: number): Register[] {
    const { slots, replicas, ciphertexts } = layout
    const sources = Array.from({ length: ciphertexts }, () => new Int32Array(slots).fill(-1))
    positionsOf(layout).forEach((position, element) => {
      for (let r = 0; r < replicas.count; r++) {
        sources[Math.floor(position / slots)][modulo(position + r * replicas.stride, slots)] = firstElement + element
      }
    })
    return this.#packInput(sources, primes)
  }

  #packInput(sources: readonly Int32Array[], primes: number): Register[] {
    const { scales, settings } = this.#request
    const scale = scales[primes - 1]
    return sources.map((source) => {
      this.#sources.push(source)
      this.#levels.push({ primes, scale })
      return this.#builder.input(settings.input, primes, scale)
    })
  }

  #prepared({ term, passes }: TermChoice, primes: number): Register[] {
    return must(this.#values, term.input).map((register) => {
      let value = this.#builder.modSwitch(register, primes)
      for (const pass of passes) {
        const rotated = pass.map((steps) => this.#rotate(value, steps))
        value = rotated.reduce((sum, next) => this.#builder.add(sum, next), value)
      }
      return value
    })
  }

  #diagonalsOf(step: LinearStep, choice: LinearChoice, { term }: TermChoice, from: Layout): DiagonalSet {
    const placement = { from, to: choice.candidate.layout, lanes: choice.candidate.lanes }
    return term.map.kind === 'conv' || isPlacedConvolution(term.map)
      ? convDiagonals(term.map, placement)
      : elementDiagonals(walkMap(term.map, term.shape, step.shape), placement)
  }

  /** Σ over giant steps of rot_g(relinearise(Σ weight × rot_b(input))), one register per output ciphertext. */
  #products(choice: LinearChoice, inputs: readonly Register[], sets: readonly PlacedSet[], primes: number): Register[] {
    const builder = this.#builder
    const { layout } = choice.candidate
    const { slots } = layout
    const all = sets.flatMap((placed) =>
      placed.set.diagonals.map((diagonal, index) => {
        return { ...diagonal, ...placed, input: diagonal.input + placed.offset, index }
      }),
    )
    const markFree = freeSlots(choice.candidate)
    const split = splitBabyGiant(all, slots, keySwitchCosts(choice, primes, this.#request.settings))
    const turned = inputs.map((register, input) => {
      const wanted = [...all.keys()].filter((k) => all[k].input === input).map((k) => split.babies[k])
      return this.#rotations(register, wanted)
    })
    const targetScale = this.#request.scales[primes - 2]
    const productScale = targetScale * builder.primeValue(primes - 1)
    const outputs: Register[] = []
    for (let output = 0; output < layout.ciphertexts; output++) {
      const giants = new Map<number, number[]>()
      all.forEach((diagonal, k) => {
        if (diagonal.output !== output) return
        const group = giants.get(split.giants[k])
        if (group) group.push(k)
        else giants.set(split.giants[k], [k])
      })
      // As Horner's rule: only the gaps between giant steps need keys, and most gaps are equal.
      let sum: { readonly register: Register; readonly giant: number } | undefined
      for (const [giant, members] of [...giants].sort(([a], [b]) => b - a)) {
        const values = members.map((k) => must(turned[all[k].input], split.babies[k]))
        const weights = members.map((k, m): WeightIndex => {
          const { set, numbered, markZeros, support, offset, index } = all[k]
          const scale = productScale / builder.scaleOf(values[m])
          // What is not planned to expand may share ciphertexts by chance, and keeps its zeros, which readers may rely on.
          const keepsZeros = !choice.expands && support !== undefined
          const pattern = (vector: Float64Array): void => {
            numbered?.fill(index, giant, vector)
            if (keepsZeros) return
            markFree(output, giant, vector)
            markZeros?.(all[k].input - offset, split.babies[k], vector)
          }
          return builder.addWeightSlot(
            { layer: this.#layers.length, role: 'weight', scale, primes },
            (vector) => set.fill(index, giant, vector),
            numbered && pattern,
            support && (() => support(all[k].input - offset, split.babies[k])),
          )
        })
        const inner = builder.relinearise(builder.multiplySum(values, weights))
        const register = sum ? builder.add(this.#rotate(sum.register, sum.giant - giant), inner) : inner
        sum = { register, giant }
      }
      outputs.push(this.#rotate(present(sum).register, present(sum).giant))
    }
    return outputs
  }

  /** All wanted rotations of a register, by rotation. */
  #rotations(register: Register, wanted: readonly number[]): Map<number, Register> {
    const turned = new Map<number, Register>([[0, register]])
    const { slots } = this.#request.settings
    if (this.#builder.isPlain(register)) {
      for (const steps of new Set(wanted)) turned.set(steps, this.#builder.rotate(register, steps))
      return turned
    }
    for (const { rotation, parent, step } of deriveRotations(
      [...new Set(wanted)].sort((a, b) => a - b),
      slots,
      this.#steps,
      rotationCosts(this.#request.settings, this.#builder.primesOf(register)),
    )) {
      turned.set(rotation, this.#rotate(must(turned, parent), step))
    }
    return turned
  }

  #rotate(register: Register, steps: number): Register {
    if (steps !== 0) this.#steps.add(steps)
    return this.#builder.rotate(register, steps)
  }

  #addBias(step: LinearStep, bias: Float64Array, register: Register, output: number): Register {
    const layout = must(this.#request.search.layouts, step.id)
    const positions = positionsOf(layout)
    const { slots, replicas } = layout
    const slot = {
      layer: this.#layers.length,
      role: 'bias',
      scale: this.#builder.scaleOf(register),
      primes: this.#builder.primesOf(register),
    } as const
    const weight = this.#builder.addWeightSlot(slot, (vector) => {
      positions.forEach((position, e) => {
        if (Math.floor(position / slots) !== output) return
        for (let r = 0; r < replicas.count; r++) vector[modulo(position + r * replicas.stride, slots)] = bias[e]
      })
    })
    return this.#builder.addWeight(register, weight)
  }
}

/** The same with numbers in place of weights. */
function numberedDiagonals({ candidate }: LinearChoice, { term }: TermChoice, from: Layout): DiagonalSet | undefined {
  if (term.map.kind !== 'conv') return undefined
  const { layout: to, lanes } = candidate
  const weight = Float64Array.from(term.map.weight, (_, i) => numberOfWeight(i))
  return convDiagonals({ ...term.map, weight }, { from, to, lanes })
}
