import { evenly } from '../core/numeric/evenly.ts'
import { reportError, UserError } from '../core/errors.ts'
import { classesOf } from '../core/network/layer-model.ts'
import type { WorkContext } from '../core/progress.ts'
import { must, present } from '../core/must.ts'
import type { Purpose } from '../data/npz.ts'
import type { DataLook, LookResult, OriginalTrialView } from '../ipc/results.ts'
import { openSamples, type PreprocessingChoice } from '../jobs/calibration.ts'
import { classNamesOf } from '../jobs/class-names.ts'
import { labelsOfNetwork } from '../jobs/labels.ts'
import { openNetworkFile, type NetworkFile } from '../jobs/open-network.ts'
import { fedPicture } from '../jobs/preview.ts'
import { compareFeeds } from '../jobs/try-original.ts'
import { pictureOf } from './engine-pictures.ts'

export interface LookRequest {
  readonly model: string
  readonly preprocessing: PreprocessingChoice
  readonly calibration?: string
  /** Of the calibration samples; their own path where they include them. */
  readonly calibrationLabels?: string
  readonly inputs?: string
  /** Of the inputs. */
  readonly labels?: string
  readonly classNames?: readonly string[]
}

/** Samples that are drawn, and samples whose values are looked at. */
const shown = 8
const looked = 100
/** Classes that are told by name; of more, the most frequent. */
const mostClasses = 12

/** What is in the data that was chosen, and what is wrong with it. Each choice has its own answer. */
export async function look(request: LookRequest, work: WorkContext): Promise<LookResult> {
  const network = await openNetworkFile(request)
  const each = async (path: string | undefined, purpose: Purpose, labels?: string) => {
    if (path === undefined) return undefined
    try {
      return { found: await lookAt(network, { ...request, path, purpose, labels }, work) }
    } catch (error) {
      if (error instanceof UserError) return { problem: reportError(error) }
      throw error
    }
  }
  const calibration = await each(request.calibration, 'train', besideCalibration(request))
  const inputs = await each(request.inputs, 'test', request.labels)
  return { ...(calibration && { calibration }), ...(inputs && { inputs }) }
}

/** A file of classes that is not the calibration samples themselves. */
const besideCalibration = ({ calibration, calibrationLabels }: LookRequest): string | undefined =>
  calibrationLabels === calibration ? undefined : calibrationLabels

interface OneLook extends Pick<LookRequest, 'preprocessing' | 'labels' | 'classNames'> {
  readonly path: string
  readonly purpose: Purpose
}

async function lookAt(network: NetworkFile, request: OneLook, work: WorkContext): Promise<DataLook> {
  const { model } = network
  const samples = await openSamples(request, model, work)
  const { source, preprocessing, indices } = samples
  const rawOf = (place: number): Float64Array => source.sample(present(indices[place]))
  const places = evenly([...indices.keys()], looked)
  const raw = rangeOf(places.map(rawOf))
  const fed = rangeOf(places.map((place) => samples.at(place)))
  const names = classNamesOf(request.classNames, network.classNames, classesOf(model))
  const labels = await labelsOfNetwork(request, network, source)
  const classes = labels && countsOf(labels, names ?? source.labels?.names)
  return {
    count: source.count,
    shape: source.shape,
    isSignal: source.shape[1] === 1,
    pictures: evenly(places, shown).map((place) => pictureOf(rawOf(place), source.shape)),
    fedPicture: fedPicture(samples.at(0), source.shape),
    raw,
    fed,
    ...(classes && { classes: classes.slice(0, mostClasses), classCount: classes.length }),
    alarms: [...alarmsOf(raw, preprocessing.scale), ...(classes?.length === 1 ? ['All labels are of one class.'] : [])],
    warnings: source.warnings,
  }
}

function rangeOf(samples: readonly Float64Array[]): DataLook['raw'] {
  let [least, most] = [Infinity, -Infinity]
  for (const values of samples) {
    for (const value of values) {
      least = Math.min(least, value)
      most = Math.max(most, value)
    }
  }
  return { least, most }
}

/** Pixels of 0 to 255, and values between 0 and 1, are so usual that the other's scale is a mistake. */
function alarmsOf({ least, most }: DataLook['raw'], scale: number): string[] {
  if (scale < 0.1 && least >= -1.5 && most <= 1.5) {
    return [
      `The values already lie between ${least.toPrecision(2)} and ${most.toPrecision(2)}: times this scale they nearly vanish. Take a scale of 1.`,
    ]
  }
  if (scale === 1 && least >= 0 && most > 100 && most <= 255) {
    return ['The values are pixels of 0 to 255. Most networks take them times 1/255.']
  }
  return []
}

/**
 * How often the original network is right on the inputs, or where these have no labels on the calibration data; null
 * where neither has any. @throws UserError what data/ says
 */
export async function tryFeeds(request: LookRequest, work: WorkContext): Promise<OriginalTrialView | null> {
  const network = await openNetworkFile(request)
  const { calibration, inputs, preprocessing } = request
  const sources = [
    { path: inputs, purpose: 'test', labels: request.labels },
    { path: calibration, purpose: 'train', labels: besideCalibration(request) },
  ] as const
  for (const { path, purpose, labels: file } of sources) {
    if (path === undefined) continue
    const { source, preprocessing: fed } = await openSamples({ path, preprocessing, purpose }, network.model, work)
    const labels = await labelsOfNetwork({ ...request, labels: file }, network, source)
    if (labels === undefined) continue
    const tried = await compareFeeds(request, network, { source, preprocessing: fed, labels }, work)
    return { ...tried, classes: Math.max(2, classesOf(network.model)) }
  }
  return null
}

function countsOf(labels: Int32Array, names: readonly string[] | undefined): { name: string; count: number }[] {
  const counts = new Map<number, number>()
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1)
  const nameOf = (label: number): string => names?.[label] ?? String(label)
  return [...counts.keys()]
    .sort((a, b) => must(counts, b) - must(counts, a) || a - b)
    .map((label) => ({ name: nameOf(label), count: must(counts, label) }))
}
