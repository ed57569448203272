import { present } from '../core/must.ts'
import type { Preprocessing } from '../core/bundle/preprocessing.ts'
import { unlessUserError } from '../core/errors.ts'
import { labelOf, share } from '../core/network/classification.ts'
import { countMultiplications } from '../core/network/count-multiplications.ts'
import { classesOf } from '../core/network/layer-model.ts'
import { classScores } from '../core/normalise/run-tail.ts'
import { evenly } from '../core/numeric/evenly.ts'
import { throwIfCancelled, type WorkContext } from '../core/progress.ts'
import { classNumbers } from '../data/class-labels.ts'
import { preprocess } from '../data/preprocess.ts'
import type { Samples } from '../data/read-samples.ts'
import { isReconstruction } from './labels.ts'
import type { NetworkFile, NetworkRequest } from './open-network.ts'
import { COMPARED_SAMPLES, openOriginal, type Original } from './original.ts'
import { PRESETS, type Preset, type PresetName } from './presets.ts'

/** What the original network makes of labelled samples. */
export interface OriginalTrial {
  readonly samples: number
  /** Share of them that it is right on. */
  readonly accuracy: number
  /** Where that is less than half, or they were asked for: the same with usual preprocessings, best first. */
  readonly presets?: readonly PresetAccuracy[]
  /** Likewise, and with the classes in another order: each label taken for the class that it meets most often. */
  readonly reordered?: number
}

export interface PresetAccuracy {
  readonly preset: PresetName
  /** Colours in the order blue, green, red. */
  readonly reversed?: true
  /** The values are taken as they are where they lie between 0 and 1. */
  readonly unscaled?: true
  readonly accuracy: number
}

interface Labelled {
  readonly source: Samples
  readonly preprocessing: Preprocessing
  readonly classNames?: readonly string[]
}

/** Enough to tell half from nearly all. */
const SAMPLES = 300
const TRIED_SAMPLES = 100
const AT_ONCE = 16
/** Of all trials together, so that large networks are tried on fewer samples. */
const MOST_MULTIPLICATIONS = 2e10

/**
 * Tries the original network on labelled samples; undefined where there are no labels, or none that fit. Warns where it is
 * right on less than half.
 */
export async function tryOriginal(
  request: NetworkRequest,
  network: NetworkFile,
  { source, preprocessing, classNames }: Labelled,
  work: WorkContext,
): Promise<OriginalTrial | undefined> {
  if (isReconstruction(network.model)) return undefined
  const classes = classesOf(network.model)
  const labels = fitting(source, { count: source.count, classes, classNames })
  if (labels === undefined) return undefined
  return await tryOn({ request, network, source, preprocessing }, labels, false, work)
}

/**
 * Tries the original network on samples whose classes are known, and with every usual preprocessing beside it where the
 * network is small enough, or is right on less than half.
 * @param labels - one class for each sample of the source
 */
export async function compareFeeds(
  request: NetworkRequest,
  network: NetworkFile,
  { source, preprocessing, labels }: Labelled & { readonly labels: Int32Array },
  work: WorkContext,
): Promise<OriginalTrial> {
  const affordable = affordableSamples(network)
  return await tryOn({ request, network, source, preprocessing }, labels, affordable >= TRIED_SAMPLES, work)
}

async function tryOn(judged: Judged, labels: Int32Array, always: boolean, work: WorkContext): Promise<OriginalTrial> {
  const { request, network, source, preprocessing } = judged
  const trials = evenly([...labels.keys()], Math.min(SAMPLES, affordableSamples(network)))
  const inputOf = (index: number) => preprocess(source.sample(index), preprocessing)
  const original = await openOriginal(request, network, trials.slice(0, COMPARED_SAMPLES).map(inputOf))
  try {
    const found = await labelsBy(original, network, trials, inputOf)
    const truths = trials.map((index) => present(labels[index]))
    return await judge(judged, trials, truths, found, work, always)
  } finally {
    await original.close()
  }
}

/** The labels that the original gives, of few inputs at once: hundreds of large pictures would take as much memory as a fit. */
async function labelsBy<T>(
  original: Original,
  { model }: NetworkFile,
  items: readonly T[],
  inputOf: (item: T) => Float64Array,
): Promise<number[]> {
  const labels: number[] = []
  for (let first = 0; first < items.length; first += AT_ONCE) {
    const outputs = await original.run(items.slice(first, first + AT_ONCE).map(inputOf))
    labels.push(...outputs.map((each) => labelOf(classScores(model, each))))
  }
  return labels
}

export interface Judged {
  readonly request: NetworkRequest
  readonly network: NetworkFile
  readonly source: Samples
  readonly preprocessing: Preprocessing
}

/**
 * The accuracy of labels that the original network gave; with usual preprocessings beside it, and a warning, where it is
 * right on less than half.
 * @param trials - places of the samples in their source
 * @param always - compares usual preprocessings in any case
 */
export async function judge(
  judged: Judged,
  trials: readonly number[],
  truths: readonly number[],
  found: readonly number[],
  work: WorkContext,
  always = false,
): Promise<OriginalTrial> {
  const accuracy = share(found, (label, i) => label === truths[i])
  const check = { samples: trials.length, accuracy }
  const isDoubtful = accuracy < 0.5
  if ((!isDoubtful && !always) || trials.length === 0) return check
  const presets = await tryPresets(judged, trials, truths, work)
  const reordered = reorderedAccuracy(truths, found)
  const whole = { ...check, presets, reordered }
  if (!isDoubtful) return whole
  work.progress({ kind: 'warning', stage: 'original', message: suspicion(whole) })
  return whole
}

function fitting(source: Samples, expected: Parameters<typeof classNumbers>[1]): Int32Array | undefined {
  // Calibration needs no labels: those of another task are nobody's mistake.
  return unlessUserError(() => source.labels && classNumbers(source.labels, expected))
}

const affordableSamples = ({ model }: NetworkFile): number =>
  Math.max(20, Math.floor(MOST_MULTIPLICATIONS / 20 / Math.max(1, countMultiplications(model))))

async function tryPresets(
  { request, network, source, preprocessing }: Judged,
  trials: readonly number[],
  truths: readonly number[],
  work: WorkContext,
): Promise<PresetAccuracy[]> {
  const places = evenly([...trials.keys()], TRIED_SAMPLES)
  const { shape } = network.model.input
  const raw = places.map((place) => source.sample(present(trials[place])))
  const isUnscaled = raw.every((values) => values.every((value) => value >= 0 && value <= 1))
  const usualInputs = trials.slice(0, COMPARED_SAMPLES).map((index) => preprocess(source.sample(index), preprocessing))
  const original = await openOriginal(request, network, usualInputs)
  try {
    return await tryEach(original)
  } finally {
    await original.close()
  }

  async function tryEach(original: Original): Promise<PresetAccuracy[]> {
    const tried: PresetAccuracy[] = []
    for (const [name, preset] of Object.entries(PRESETS) as [PresetName, Preset][]) {
      if (![preset.mean.length, preset.std.length].every((length) => length === 1 || length === shape[0])) continue
      const unscaled = isUnscaled && preset.scale !== 1
      const usual = { ...preprocessing, ...preset, ...(unscaled && { scale: 1 }) }
      for (const reversed of shape[0] === 3 ? [false, true] : [false]) {
        throwIfCancelled(work)
        const inputOf = (values: Float64Array) => preprocess(reversed ? withColoursReversed(values) : values, usual)
        const labels = await labelsBy(original, network, raw, inputOf)
        const accuracy = share(labels, (label, i) => label === truths[present(places[i])])
        tried.push({ preset: name, ...(reversed && { reversed }), ...(unscaled && { unscaled: true }), accuracy })
      }
    }
    return tried.sort((left, right) => right.accuracy - left.accuracy)
  }
}

function withColoursReversed(values: Float64Array): Float64Array {
  const pixels = values.length / 3
  const reversed = new Float64Array(values.length)
  for (const channel of [0, 1, 2]) {
    reversed.set(values.subarray(channel * pixels, (channel + 1) * pixels), (2 - channel) * pixels)
  }
  return reversed
}

function reorderedAccuracy(truths: readonly number[], found: readonly number[]): number {
  const pairs = Map.groupBy(truths.keys(), (i) => found[i])
  const most = [...pairs.values()].map((places) => {
    const counts = Map.groupBy(places, (place) => truths[place])
    return Math.max(...[...counts.values()].map((same) => same.length))
  })
  return most.reduce((sum, count) => sum + count, 0) / Math.max(1, truths.length)
}

const percent = (part: number): string => `${(100 * part).toFixed(1)} %`

/** What to check, and what the usual preprocessings give. */
function suspicion({ samples, accuracy, presets = [], reordered = 0 }: OriginalTrial): string {
  const named = presets.slice(0, 4).map((tried) => `${nameOf(tried)} ${percent(tried.accuracy)}`)
  const order =
    reordered > 0.7 && reordered > 2 * accuracy
      ? ` With the classes in another order, it would be right on ${percent(reordered)}.`
      : ''
  return (
    `The original network is right on ${percent(accuracy)} of ${samples} labelled samples: check scale, mean, std, channel order and the order of classes.` +
    ` Common preprocessing would give: ${named.join(', ')}.${order}`
  )
}

const nameOf = ({ preset, reversed, unscaled }: PresetAccuracy): string =>
  `--preset ${preset}${unscaled ? ' with --scale 1' : ''}${reversed ? ' on blue, green, red' : ''}`
