import { UserError } from '../errors.ts'
import { INPUT, sizeOf, type LayerId } from '../normalise/layer-model.ts'
import { babyGiantMs, splitBabyGiant, type KeySwitchCosts } from './baby-giant.ts'
import { foldedLayout, freeCandidates, outputCandidates, type OutputCandidate } from './candidates.ts'
import type { CostModel } from './cost-model.ts'
import { convDiagonals, elementRotations, type Diagonal } from './diagonals.ts'
import { countFirstLayer } from './first-layer.ts'
import { signatureOf, type Layout } from './layout.ts'
import { poolLayout, type PoolPass } from './pool.ts'
import type { LinearStep, Step, StepTerm } from './steps.ts'
import { walkMap } from './weights.ts'

/** How one linear step will be computed: where its operands are and where its result goes. */
export interface LinearChoice {
  readonly candidate: OutputCandidate
  readonly terms: readonly TermChoice[]
}

export interface TermChoice {
  readonly term: StepTerm
  /** After the pools; absent for the network's input, which the edge packs as the step wants it. */
  readonly from: Layout | undefined
  readonly poolPasses: readonly PoolPass[]
}

export interface SearchSettings {
  readonly degree: number
  readonly primes: ReadonlyMap<LayerId, number>
  readonly costs: CostModel
  readonly input: 'encrypted' | 'plain'
  /** Partial networks kept after each step. */
  readonly beamWidth: number
}

export interface SearchResult {
  readonly choices: ReadonlyMap<LayerId, LinearChoice>
  readonly layouts: ReadonlyMap<LayerId, Layout>
  readonly ms: number
}

interface Partial {
  readonly layouts: ReadonlyMap<LayerId, Layout>
  readonly choices: ReadonlyMap<LayerId, LinearChoice>
  readonly ms: number
}

/** Minimises the network's estimated time over the layouts of all steps together, by beam search. Deterministic. */
export function searchLayouts(steps: readonly Step[], settings: SearchSettings): SearchResult {
  const lastReader = new Map<LayerId, number>()
  steps.forEach((step, i) => step.inputs.forEach((input) => lastReader.set(input, i)))
  const memo = new Map<string, { choice: LinearChoice; layout: Layout; ms: number }[]>()
  let beam: Partial[] = [{ layouts: new Map(), choices: new Map(), ms: 0 }]
  steps.forEach((step, i) => {
    const extended = beam.flatMap((partial) => extend(partial, step, settings, memo))
    if (extended.length === 0) {
      throw new UserError('no-packing', `No packing of ${step.id} fits ${settings.degree / 2} slots.`, {
        where: { layer: step.id },
      })
    }
    const live = [...lastReader].filter(([, last]) => last > i).map(([id]) => id)
    beam = keepBest(extended, [...live, step.id], settings.beamWidth)
  })
  return beam[0]
}

function extend(
  partial: Partial,
  step: Step,
  settings: SearchSettings,
  memo: Map<string, { choice: LinearChoice; layout: Layout; ms: number }[]>,
): Partial[] {
  const primes = settings.primes.get(step.id)! + 1
  const { degree, costs } = settings
  if (step.kind === 'square') {
    const layout = partial.layouts.get(step.inputs[0])!
    const each =
      costs.ms('square', degree, primes) + costs.ms('relinearise', degree, primes) + costs.ms('rescale', degree, primes)
    return [
      {
        ...partial,
        layouts: new Map(partial.layouts).set(step.id, layout),
        ms: partial.ms + layout.ciphertexts * each,
      },
    ]
  }
  const from = step.terms.map((term) => partial.layouts.get(term.input))
  const key = [step.id, ...from.map((layout) => layout && signatureOf(layout))].join('&')
  let options = memo.get(key)
  if (!options) memo.set(key, (options = linearOptions(step, from, primes, settings)))
  return options.map(({ choice, layout, ms }) => ({
    layouts: new Map(partial.layouts).set(step.id, layout),
    choices: new Map(partial.choices).set(step.id, choice),
    ms: partial.ms + ms,
  }))
}

function linearOptions(
  step: LinearStep,
  from: readonly (Layout | undefined)[],
  primes: number,
  settings: SearchSettings,
) {
  const terms: TermChoice[] = []
  let poolMs = 0
  for (const [i, term] of step.terms.entries()) {
    if (term.input === INPUT) {
      terms.push({ term, from: undefined, poolPasses: [] })
      continue
    }
    let layout = from[i]!
    const poolPasses: PoolPass[] = []
    for (const pool of term.pools) {
      const pooled = poolLayout(layout, pool)
      if (!pooled) return []
      layout = pooled.layout
      poolPasses.push(...pooled.passes)
    }
    const rotations = poolPasses.reduce((sum, pass) => sum + pass.length, 0) * layout.ciphertexts
    poolMs += rotations * settings.costs.ms('rotate', settings.degree, primes)
    terms.push({ term, from: layout, poolPasses })
  }
  return candidatesFor(step, terms, settings).flatMap((candidate) => {
    const choice: LinearChoice = { candidate, terms }
    const ms = productMs(step, choice, primes, settings)
    return ms === undefined ? [] : [{ choice, layout: foldedLayout(candidate), ms: poolMs + ms }]
  })
}

function candidatesFor(step: LinearStep, terms: readonly TermChoice[], settings: SearchSettings): OutputCandidate[] {
  const slots = settings.degree / 2
  const [first] = terms
  if (!first.from) return freeCandidates(step.shape, slots)
  return outputCandidates(first.from, first.term.map.kind === 'conv' ? first.term.map : undefined, step.shape)
}

/** Time of products, rotations and relinearisations of one linear step. */
function productMs(
  step: LinearStep,
  choice: LinearChoice,
  primes: number,
  settings: SearchSettings,
): number | undefined {
  const { degree, costs, input } = settings
  const { layout, lanes } = choice.candidate
  const outputs = layout.ciphertexts
  let ms = Math.log2(lanes.count) * outputs * costs.ms('rotate', degree, primes - 1)
  ms += outputs * costs.ms('rescale', degree, primes)
  const diagonals: Diagonal[] = []
  let offset = 0
  for (const { term, from } of choice.terms) {
    if (!from) {
      if (choice.terms.length > 1) return undefined
      const walk = walkMap(term.map, term.shape, step.shape)
      const { inputs, products } = countFirstLayer(walk, sizeOf(step.shape), layout, lanes)
      const plain = input === 'plain'
      return (
        ms +
        inputs * costs.ms(plain ? 'encode' : 'encrypt', degree, primes) +
        products * costs.ms(plain ? 'multiply-plain' : 'multiply', degree, primes) +
        (plain ? 0 : outputs * costs.ms('relinearise', degree, primes))
      )
    }
    for (const diagonal of rotationsOf(step, choice, term, from)) {
      diagonals.push({ ...diagonal, input: diagonal.input + offset })
    }
    offset += from.ciphertexts
  }
  const split = splitBabyGiant(diagonals, layout.slots, keySwitchCosts(costs, degree, primes))
  ms += babyGiantMs(split, keySwitchCosts(costs, degree, primes))
  return ms + diagonals.length * costs.ms('multiply', degree, primes)
}

function rotationsOf(step: LinearStep, choice: LinearChoice, term: StepTerm, from: Layout): readonly Diagonal[] {
  const placement = { from, to: choice.candidate.layout, lanes: choice.candidate.lanes }
  return term.map.kind === 'conv'
    ? convDiagonals(term.map, placement).diagonals
    : elementRotations(sizeOf(step.shape), sizeOf(term.shape), placement)
}

export function keySwitchCosts(costs: CostModel, degree: number, primes: number): KeySwitchCosts {
  return {
    rotateMs: costs.ms('rotate', degree, primes),
    babyRotateMs: costs.ms('rotate-hoisted', degree, primes),
    relineariseMs: costs.ms('relinearise', degree, primes),
  }
}

/** The cheapest partial network for each distinct set of live layouts. */
function keepBest(partials: readonly Partial[], live: readonly LayerId[], width: number): Partial[] {
  const sorted = [...partials].sort((a, b) => a.ms - b.ms)
  const seen = new Set<string>()
  const kept: Partial[] = []
  for (const partial of sorted) {
    const key = live.map((id) => (partial.layouts.has(id) ? signatureOf(partial.layouts.get(id)!) : '')).join('&')
    if (seen.has(key)) continue
    seen.add(key)
    kept.push(partial)
    if (kept.length === width) break
  }
  return kept
}
