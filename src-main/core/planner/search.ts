import type { Carried, NamedValue } from '../network/square-model.ts'
import { UserError } from '../errors.ts'
import { lastOf, must } from '../must.ts'
import { INPUT, type LayerId, type Shape } from '../network/layer-model.ts'
import { isSpaced, tensorLayouts } from './candidates.ts'
import { signatureOf, type Layout } from './layout.ts'
import { certainly, linearOptions, type LinearChoice, type LinearOption, type StepSettings } from './linear-options.ts'
import type { Step } from './steps.ts'

export interface SearchSettings extends StepSettings {
  readonly inputShape: Shape
  readonly carried: Carried
}

/** A network, or its beginning: where every result is, and how it is computed. */
export interface SearchResult {
  readonly layouts: ReadonlyMap<LayerId, Layout>
  readonly choices: ReadonlyMap<LayerId, LinearChoice>
  readonly ms: number
}

/** Of steps behind operands in certain places; none that takes more milliseconds than the limit. */
type KnownOptions = Map<string, { readonly options: readonly LinearOption[]; readonly limit: number }>

/** Layouts that are quick so far may leave a later layer no room; as many times as many have some that do. */
const widerBeam = 16

/**
 * Minimises the network's estimated time over the layouts of all steps together, by beam search. Deterministic.
 * Throws UserError `no-packing`.
 */
export function searchLayouts(steps: readonly Step[], settings: SearchSettings): SearchResult {
  const known: KnownOptions = new Map()
  try {
    return searchWith(known, steps, settings)
  } catch (error) {
    if (!(error instanceof UserError && error.code === 'no-packing')) throw error
    return searchWith(known, steps, { ...settings, width: widerBeam * settings.width })
  }
}

function searchWith(known: KnownOptions, steps: readonly Step[], settings: SearchSettings): SearchResult {
  const lastReader = new Map<LayerId, number>()
  steps.forEach((step, i) => step.inputs.forEach((input) => lastReader.set(input, i)))
  let beam = inputStates(steps, settings)
  const waiting = new Set(settings.carried.inputs)
  const take = (value: NamedValue): void => {
    // Copies of a shortcut seldom pay, and would multiply the combinations.
    const layouts = tensorsOf(value, steps, settings).filter(({ replicas }) => replicas.count === 1)
    beam = beam.flatMap((partial) => {
      const fitting = layouts.filter((layout) => !isSpaced(layout) || hasGridOf(partial, layout))
      return withTensor(partial, value.id, fitting, settings)
    })
    waiting.delete(value)
  }
  const second = steps.findIndex((step, i) => i > 0 && step.kind === 'linear')
  steps.forEach((step, i) => {
    // The first layer has most layouts to choose from, and those that cost least there leave the second most to do.
    const width = i < second ? 2 * settings.width : settings.width
    for (const value of waiting) if (step.inputs.includes(value.id)) take(value)
    const live = [...lastReader].filter(([, last]) => last > i).map(([id]) => id)
    let extended: SearchResult[] = []
    for (const partial of beam) {
      const worst = extended.length === width ? lastOf(extended).ms : Infinity
      const more = extend(partial, step, { ...settings, width }, known, certainly * worst - partial.ms)
      extended = keepBest([...extended, ...more], [...live, step.id], width)
    }
    if (extended.length === 0) {
      throw new UserError('no-packing', `No packing of ${step.id} fits ${settings.slots} slots.`, {
        where: { layer: step.id },
      })
    }
    beam = extended
  })
  for (const value of waiting) take(value)
  return beam[0]
}

/** Rows and columns that leave room are only worth it beside others like them. */
const hasGridOf = ({ layouts }: SearchResult, { row, column }: Layout): boolean =>
  [...layouts.values()].some((known) => known.row.at(1) === row.at(1) && known.column.at(1) === column.at(1))

/**
 * The input may be packed for the one linear map that reads it (im2col: no rotations, an input ciphertext for
 * every few weights of an output), or as a tensor of its own, replicas included, from which rotations take the
 * rest.
 */
function inputStates(steps: readonly Step[], settings: SearchSettings): SearchResult[] {
  const none = { layouts: new Map<LayerId, Layout>(), choices: new Map(), ms: 0 }
  const readers = steps.filter((step) => step.inputs.includes(INPUT))
  const [reader] = readers
  const { inputs, outputs } = settings.carried
  const isAlone = inputs.length === 0 && !outputs.includes(INPUT)
  const packable = isAlone && readers.length === 1 && reader.kind === 'linear' && reader.inputs.length === 1
  const tensors = withTensor(
    none,
    INPUT,
    tensorsOf({ id: INPUT, shape: settings.inputShape }, steps, settings),
    settings,
  )
  return packable ? [none, ...tensors] : tensors
}

/** Whatever else its readers read should lie on the same grid, so it has room for their borders too. */
function tensorsOf({ id, shape }: NamedValue, steps: readonly Step[], { slots }: SearchSettings): Layout[] {
  const readers = steps.flatMap((step) => (step.kind === 'linear' && step.inputs.includes(id) ? step.variants : []))
  const pads = readers.flatMap(({ terms }) => terms.flatMap(({ map }) => (map.kind === 'conv' ? [map.pads] : [])))
  const most = (axis: number): number => pads.reduce((more, pad) => Math.max(more, pad[axis], pad[axis + 2]), 0)
  return tensorLayouts(shape, slots, [most(0), most(1)])
}

/** An input in each of its layouts. */
function withTensor(
  partial: SearchResult,
  id: LayerId,
  layouts: readonly Layout[],
  { degree, costs, input, primes }: SearchSettings,
): SearchResult[] {
  const inputMs = costs.ms(input === 'plain' ? 'encode' : 'encrypt', degree, must(primes, id))
  return layouts.map((layout) => ({
    ...partial,
    layouts: new Map(partial.layouts).set(id, layout),
    ms: partial.ms + layout.ciphertexts * inputMs,
  }))
}

function extend(
  partial: SearchResult,
  step: Step,
  settings: SearchSettings,
  known: KnownOptions,
  limit: number,
): SearchResult[] {
  const isPostponed = settings.postponed.has(step.id)
  const primes = must(settings.primes, step.id) + (isPostponed ? 0 : 1)
  const { degree, costs } = settings
  if (step.kind === 'square') {
    const layout = must(partial.layouts, step.inputs[0])
    const rescaleMs = isPostponed ? 0 : costs.ms('rescale', degree, primes)
    const each = costs.ms('square', degree, primes) + costs.ms('relinearise', degree, primes) + rescaleMs
    const layouts = new Map(partial.layouts).set(step.id, layout)
    return [{ ...partial, layouts, ms: partial.ms + layout.ciphertexts * each }]
  }
  const from = step.inputs.map((input) => partial.layouts.get(input))
  const key = [step.id, ...from.map((layout) => layout && signatureOf(layout))].join('&')
  let found = known.get(key)
  if (!found || found.limit < limit) {
    found = { options: linearOptions(step, from, primes, settings, limit), limit }
    known.set(key, found)
  }
  return found.options.map(({ choice, layout, ms }) => ({
    layouts: new Map(partial.layouts).set(step.id, layout),
    choices: new Map(partial.choices).set(step.id, choice),
    ms: partial.ms + ms,
  }))
}

/** The cheapest partial network for each distinct set of live layouts. */
function keepBest(partials: readonly SearchResult[], live: readonly LayerId[], width: number): SearchResult[] {
  const sorted = [...partials].sort((a, b) => a.ms - b.ms)
  const seen = new Set<string>()
  const kept: SearchResult[] = []
  for (const partial of sorted) {
    const key = live.map((id) => (partial.layouts.has(id) ? signatureOf(must(partial.layouts, id)) : '')).join('&')
    if (seen.has(key)) continue
    seen.add(key)
    kept.push(partial)
    if (kept.length === width) break
  }
  return kept
}
