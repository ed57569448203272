import { INPUT, sizeOf, type LayerId, type LinearMap } from '../network/layer-model.ts'
import { leastMsWithin, leastSplitMs, type KeySwitchCosts } from './baby-giant.ts'
import { foldedLayout, firstCandidates, outputCandidates, type OutputCandidate } from './candidates.ts'
import { weightPrice, type CostModel } from '../plan/cost-model.ts'
import { convRotations, isPlacedConvolution } from './conv-diagonals.ts'
import { elementRotations, sparseRotations, type Diagonal, type Placement } from './diagonals.ts'
import { countFirstLayer, repeatsTaps } from './first-layer.ts'
import { hasBorder } from './border.ts'
import { nextPowerOfTwo, signatureOf, spreadLayouts, type Layout } from './layout.ts'
import { poolLayout, type RotationPass } from './pool.ts'
import { mostSummed } from '../plan/plan.ts'
import type { LinearStep, LinearVariant, StepTerm } from './steps.ts'
import { present } from '../must.ts'

/** How one linear step will be computed: where its operands are and where its result goes. */
export interface LinearChoice {
  readonly variant: LinearVariant
  readonly candidate: OutputCandidate
  readonly terms: readonly TermChoice[]
  /** The bundle has each weight once, and the result anything in slots without element: see compact.ts. */
  readonly expands: boolean
}

export interface TermChoice {
  readonly term: StepTerm
  /** After the passes; absent for a network's input that the edge packs as this step wants it. */
  readonly from: Layout | undefined
  /** Rotate-and-add before the map: pools, and copies into unused slots. */
  readonly passes: readonly RotationPass[]
}

export interface LinearOption {
  readonly choice: LinearChoice
  readonly layout: Layout
  readonly ms: number
}

export interface StepSettings {
  readonly degree: number
  /** Slots for one image. */
  readonly slots: number
  readonly costs: CostModel
  readonly input: 'encrypted' | 'plain'
  /** Weight vectors that are mostly 0 will share ciphertexts: pack-sparse.ts. */
  readonly packsSparse?: boolean
  /** Options kept for one step. */
  readonly width: number
  /** Squarings that are not rescaled: postpone.ts. */
  readonly postponed: ReadonlySet<LayerId>
  /** Primes left in each step's result. */
  readonly primes: ReadonlyMap<LayerId, number>
}

/**
 * Lanes of a result are added up before it is rescaled where scales are as small as postponed squarings have them: its rotations
 * cost a prime more, and their errors and the rounding's, which lanes would add up, vanish.
 */
export const addsLanesFirst = ({ postponed }: Pick<StepSettings, 'postponed'>): boolean => postponed.size > 0

/** A lower bound looks at one output in so many. */
const sampledOutputs = 24

/**
 * The cheapest ways to compute a linear step, one for each layout of its result, and none that takes more than `limit` milliseconds.
 * `primes` is what its operands have left.
 */
export function linearOptions(
  step: LinearStep,
  layouts: readonly (Layout | undefined)[],
  primes: number,
  settings: StepSettings,
  limit: number,
): LinearOption[] {
  const priced = step.variants.flatMap((variant) =>
    placements(variant, layouts, settings).flatMap((terms) =>
      candidatesFor(step, terms, settings).flatMap((candidate): Priced[] => {
        const choice = { variant, candidate, terms, expands: false }
        // What the edge packs for this step is zero wherever there is no element, whatever the weights are; clear inputs cost so
        // little that it always packs for the step where that helps.
        const isSpread = terms.every(({ term, from }) => from && !isClear(term, settings))
        const shares = isSpread && Math.min(expandedShare(choice, settings), runShare(choice, primes, settings)) < 1
        const choices = shares ? [choice, { ...choice, expands: true }] : [choice]
        const products = new Products(choice, keySwitchCosts(choice, primes, settings), settings.slots)
        return choices.flatMap((each) => price(step, each, products, primes, settings, limit) ?? [])
      }),
    ),
  )
  return cheapest(priced, settings, limit)
}

interface Priced {
  readonly choice: LinearChoice
  /** All but products and the key switches of their split. */
  readonly fixedMs: number
  /** No way to compute the choice is cheaper. */
  readonly leastMs: number
  readonly productMs: number
  readonly products: Products
}

/** The products of a choice and their key switches, which are the same whatever the bundle holds of its weights; counted when asked for. */
class Products {
  readonly #choice: LinearChoice
  readonly #keySwitch: KeySwitchCosts
  readonly #slots: number
  #sampled: number | undefined
  #count: number | undefined
  #split: { readonly ms: number; readonly limit: number } | undefined

  constructor(choice: LinearChoice, keySwitch: KeySwitchCosts, slots: number) {
    this.#choice = choice
    this.#keySwitch = keySwitch
    this.#slots = slots
  }

  /** Milliseconds, at least, where each product takes `productMs`. */
  leastMs(productMs: number): number {
    this.#sampled ??= diagonalsOf(this.#choice, sampledOutputs).length
    return this.#sampled * productMs + leastSplitMs(this.#sampled, this.#keySwitch)
  }

  /** Milliseconds of products and key switches behind `fixedMs` of other work; Infinity where all exceed `limit`. */
  msWithin(limit: number, fixedMs: number, productMs: number): number {
    const counted = this.#count === undefined ? diagonalsOf(this.#choice) : undefined
    const count = (this.#count ??= present(counted).length)
    const unsplitMs = fixedMs + count * productMs
    if (unsplitMs + leastSplitMs(count, this.#keySwitch) > limit) return Infinity
    return unsplitMs + this.#splitMsWithin(certainly * limit - unsplitMs, counted)
  }

  #splitMsWithin(limit: number, counted: readonly Diagonal[] | undefined): number {
    if (this.#split && (this.#split.ms < Infinity || limit <= this.#split.limit)) return this.#split.ms
    const diagonals = counted ?? diagonalsOf(this.#choice)
    const ms = diagonals.length > 0 ? leastMsWithin(diagonals, this.#slots, this.#keySwitch, limit) : 0
    this.#split = { ms, limit }
    return ms
  }
}

/** Beyond what rounding may make of a sum of milliseconds. */
export const certainly = 1 + 1e-9

/** A plaintext's rotation is no key switch, and a product with one needs no relinearisation. */
export function keySwitchCosts({ terms }: LinearChoice, primes: number, settings: StepSettings): KeySwitchCosts {
  const { degree, costs } = settings
  const clear = isClear(terms[0].term, settings)
  return {
    rotateMs: costs.ms('rotate', degree, primes),
    babyRotateMs: costs.ms(clear ? 'rotate-plain' : 'rotate-hoisted', degree, primes),
    relineariseMs: clear ? 0 : costs.ms('relinearise', degree, primes),
  }
}

const isClear = (term: StepTerm, settings: StepSettings): boolean => term.input === INPUT && settings.input === 'plain'

/** Counts diagonals and splits them only where the lower bound can still win. Of what takes equally long, the first in order is kept. */
function cheapest(priced: readonly Priced[], { width }: StepSettings, limit: number): LinearOption[] {
  const best = new Map<string, LinearOption & { readonly order: number }>()
  const sorted = () => [...best.values()].sort((a, b) => a.ms - b.ms || a.order - b.order)
  let worstKept = limit
  for (const [order, each] of [...priced].sort((a, b) => a.leastMs - b.leastMs).entries()) {
    const { choice, fixedMs, leastMs, productMs, products } = each
    if (leastMs > worstKept) break
    const ms = products.msWithin(worstKept, fixedMs, productMs)
    if (ms === Infinity) continue
    const folded = foldedLayout(choice.candidate)
    const layout = choice.expands ? { ...folded, clean: false } : folded
    const key = signatureOf(layout)
    const known = best.get(key)
    if (known && known.ms <= ms) continue
    best.set(key, { choice, layout, ms, order })
    if (best.size >= width) worstKept = Math.min(limit, sorted()[width - 1].ms)
  }
  return sorted().slice(0, width)
}

/** Where the terms' operands can be when the products begin. */
function placements(
  variant: LinearVariant,
  layouts: readonly (Layout | undefined)[],
  settings: StepSettings,
): TermChoice[][] {
  let combinations: TermChoice[][] = [[]]
  for (const [i, term] of variant.terms.entries()) {
    const spread = variant.terms.length === 1 && !isClear(term, settings)
    const choices = termChoices(term, layouts[i], spread)
    combinations = combinations.flatMap((before) => choices.map((choice) => [...before, choice]))
  }
  return combinations
}

function termChoices(term: StepTerm, layout: Layout | undefined, spread: boolean): TermChoice[] {
  if (!layout) return [{ term, from: undefined, passes: [] }]
  const pooled = term.pool ? poolLayout(layout, term.pool) : { layout, passes: [] }
  if (!pooled) return []
  const spreads = spread ? spreadLayouts(pooled.layout) : []
  return [
    { term, from: pooled.layout, passes: pooled.passes },
    ...spreads.map(({ layout: from, passes }) => ({ term, from, passes: [...pooled.passes, ...passes] })),
  ]
}

function candidatesFor(step: LinearStep, [first]: readonly TermChoice[], settings: StepSettings): OutputCandidate[] {
  if (!first.from) return firstCandidates(step.shape, settings.slots)
  const { map } = first.term
  const geometry = map.kind === 'conv' ? map : isPlacedConvolution(map) ? map.geometry : undefined
  return outputCandidates(first.from, geometry, step.shape)
}

/** Undefined where it cannot be computed so, or not within `limit` milliseconds. */
function price(
  step: LinearStep,
  choice: LinearChoice,
  products: Products,
  primes: number,
  settings: StepSettings,
  limit: number,
): Priced | undefined {
  const { degree, costs } = settings
  const { layout, lanes } = choice.candidate
  const ms = (primitive: Parameters<CostModel['ms']>[0], level = primes): number => costs.ms(primitive, degree, level)
  // Of all terms or of none: planNetwork refuses sums of both.
  const clear = isClear(choice.terms[0].term, settings)
  const foldPrimes = addsLanesFirst(settings) ? primes : primes - 1
  let fixedMs = layout.ciphertexts * (ms('rescale') + Math.log2(lanes.count) * ms('rotate', foldPrimes))
  for (const { from, passes } of choice.terms) {
    fixedMs += passes.reduce((sum, pass) => sum + pass.length, 0) * (from?.ciphertexts ?? 0) * ms('rotate')
  }
  if (choice.terms.some(({ from }) => !from)) {
    if (choice.terms.length > 1) return undefined
    const [{ term }] = choice.terms
    const layer = { map: term.map, from: term.shape, to: step.shape }
    const count = countFirstLayer(layer, layout, lanes)
    const plain = settings.input === 'plain'
    const share = repeatsTaps(layer) ? expandedShare(choice, settings) : 1
    const weightMs = weightPrice(costs, degree, primes)
    const productMs = ms(plain ? 'multiply-plain' : 'multiply') + share * weightMs
    if (share < 1) fixedMs += weightMs / 2
    fixedMs += count.inputs * ms(plain ? 'encode' : 'encrypt') + count.products * productMs
    if (!plain) fixedMs += layout.ciphertexts * ms('relinearise')
    return { choice, fixedMs, leastMs: fixedMs, productMs: 0, products }
  }
  const share = choice.expands
    ? Math.min(expandedShare(choice, settings), runShare(choice, primes, settings))
    : sparseShare(choice, settings)
  const weightMs = weightPrice(costs, degree, primes)
  const productMs = ms(clear ? 'multiply-plain' : 'multiply') + share * weightMs
  if (share < 1) fixedMs += weightMs / 2
  if (fixedMs > limit) return undefined
  return { choice, fixedMs, leastMs: fixedMs + products.leastMs(productMs), productMs, products }
}

/**
 * Of a bundle's ciphertext, what a weight vector takes once it is expanded at the edge (compact.ts): all that lies above the
 * highest bit of channels and lanes repeats, unless a border takes weights away. An estimate, for the search.
 */
function expandedShare(
  { candidate, terms }: Pick<LinearChoice, 'candidate' | 'terms'>,
  { slots }: StepSettings,
): number {
  const repeats = ({ term, from, passes }: TermChoice): boolean => {
    if (term.map.kind !== 'conv') return false
    if (term.map.pads.every((pad) => pad === 0)) return true
    // Whoever packs an input leaves zeros around it.
    return term.input === INPUT && (!from || (passes.length === 0 && hasBorder(from, term.map, candidate.layout.shape)))
  }
  if (!terms.every(repeats)) return 1
  const { layout, lanes } = candidate
  const varying = layout.channel.reduce((bits, offset) => bits | (offset % slots), (lanes.count - 1) * lanes.stride)
  return Math.min(1, (2 * nextPowerOfTwo((varying + 1) / 2)) / slots)
}

/**
 * The same of vectors that hold a number in many slots near each other (pack-runs.ts): rows and columns have the lowest bits, and
 * leave a gap before the next channel. At the first level there is no room for masks. What else shares ciphertexts so is a gift, whose
 * layouts are chosen without it: they cost time and errors, which the search does not see.
 */
function runShare(
  { candidate, terms }: Pick<LinearChoice, 'candidate' | 'terms'>,
  primes: number,
  { packsSparse, primes: left }: StepSettings,
): number {
  const repeats = ({ term }: TermChoice): boolean =>
    term.map.kind === 'conv' && term.map.pads.every((pad) => pad === 0) && term.input !== INPUT
  if (!packsSparse || primes >= Math.max(...left.values()) || !terms.every(repeats)) return 1
  const { layout, lanes } = candidate
  const varying = layout.channel.reduce((bits, offset) => bits | offset, (lanes.count - 1) * lanes.stride)
  const run = varying & -varying
  const used = Math.max(...layout.row.map((y) => y % run)) + Math.max(...layout.column.map((x) => x % run))
  const gap = run - used
  return run === 0 || gap < 2 ? 1 : 1 / Math.min(mostSummed, 2 ** Math.floor(Math.log2(gap)))
}

/** Of a bundle's ciphertext, what a vector takes that is 0 but where it meets elements. An estimate, for the search. */
function sparseShare({ terms }: LinearChoice, { slots, packsSparse }: StepSettings): number {
  if (!packsSparse || terms.some(({ term }) => term.input === INPUT)) return 1
  const occupied = terms.map(({ from }) =>
    from ? (sizeOf(from.shape) / from.ciphertexts) * from.replicas.count : slots,
  )
  // Elements stand apart, and vectors of one baby step share: half of what has room does, on the networks that were measured.
  return 1 / 2 ** Math.floor(Math.log2(Math.max(1, slots / 2 / Math.max(...occupied))))
}

function rotationsOf(map: LinearMap, placement: Placement, every: number): readonly Diagonal[] {
  if (map.kind === 'conv' || isPlacedConvolution(map)) return convRotations(map, placement)
  return map.kind === 'sparse' ? sparseRotations(map, placement, every) : elementRotations(placement, every)
}

function diagonalsOf({ candidate, terms }: LinearChoice, every = 1): readonly Diagonal[] {
  let offset = 0
  const ofTerms = terms.flatMap(({ term, from }) => {
    if (!from) return []
    const rotations = rotationsOf(term.map, { from, to: candidate.layout, lanes: candidate.lanes }, every)
    const first = offset
    offset += from.ciphertexts
    return [first === 0 ? rotations : rotations.map((diagonal) => ({ ...diagonal, input: diagonal.input + first }))]
  })
  return ofTerms.length === 1 ? present(ofTerms[0]) : ofTerms.flat()
}
