import { present } from '../core/must.ts'
import { encode } from 'fast-png'
import { classesOf, sizeOf, type Shape } from '../core/network/layer-model.ts'
import type { WorkContext } from '../core/progress.ts'
import { classNumbers } from '../data/class-labels.ts'
import { checkOutput, writeAtomically } from '../files/write-atomically.ts'
import { openSamples, type PreprocessingChoice } from './calibration.ts'
import { classNamesOf } from './class-names.ts'
import { asReconstruction } from './labels.ts'
import { openNetworkFile, type NetworkRequest } from './open-network.ts'

export interface PreviewRequest extends NetworkRequest {
  readonly data: string
  readonly index: number
  readonly preprocessing: PreprocessingChoice
  readonly classNames?: readonly string[]
  /** Where the picture goes, as PNG. */
  readonly out?: string
  readonly force?: boolean
}

/** One sample as the network gets it. */
export interface Preview {
  readonly name: string
  readonly shape: Shape
  /** Of the values that are fed, by channel. */
  readonly channels: readonly { readonly least: number; readonly most: number; readonly mean: number }[]
  readonly label?: number
  readonly labelName?: string
  /** Channels last, 0 to 255: the sample's own least value black, its largest white. */
  readonly picture: FedPicture
  readonly out?: string
}

export interface FedPicture {
  readonly width: number
  readonly height: number
  /** Colours where the network takes three; else channels stand side by side in one gray picture. */
  readonly channels: 1 | 3
  readonly values: readonly number[]
}

/** What the network is fed with for one sample: resized, cropped and preprocessed. @throws UserError what data/ says, index-out-of-range */
export async function preview(request: PreviewRequest, work: WorkContext): Promise<Preview> {
  const { data: path, index, preprocessing, out } = request
  if (out !== undefined) await checkOutput(out, { force: request.force === true })
  const opened = await openNetworkFile(request)
  const { shape } = opened.model.input
  const { source, at } = await openSamples({ path, preprocessing, purpose: 'test', index }, opened.model, work)
  const values = at(0)
  const picture = fedPicture(values, shape)
  if (out !== undefined) {
    const { width, height, channels } = picture
    const data = Uint8Array.from(picture.values)
    const png = encode({ width, height, channels, depth: 8, data })
    await writeAtomically(out, { force: request.force === true }, (file) => file.writeFile(png))
  }
  const classes = classesOf(opened.model)
  const classNames = classNamesOf(request.classNames, opened.classNames, classes)
  const labels = asReconstruction(request, opened.model) ? undefined : source.labels
  const label = labels && classNumbers(labels, { classes, ...(classNames && { classNames }) })[0]
  const labelName = label === undefined ? undefined : (classNames ?? source.labels?.names)?.[label]
  return {
    name: source.name(0),
    shape,
    channels: Array.from({ length: shape[0] }, (_, channel) => figures(values, shape, channel)),
    ...(label !== undefined && { label }),
    ...(labelName !== undefined && { labelName }),
    picture,
    ...(out !== undefined && { out }),
  }
}

function figures(values: Float64Array, [, height, width]: Shape, channel: number): Preview['channels'][number] {
  const own = values.subarray(channel * height * width, (channel + 1) * height * width)
  const [least, most] = extremes(own)
  return { least, most, mean: own.reduce((sum, value) => sum + value, 0) / own.length }
}

/** Values that were preprocessed, [channel, row, column], as something to look at. */
export function fedPicture(values: Float64Array, shape: Shape): FedPicture {
  const [least, most] = extremes(values)
  const scale = most > least ? 255 / (most - least) : 0
  const gray = (at: number): number => Math.round((present(values[at]) - least) * scale)
  const [channels, height, width] = shape
  const pixels = height * width
  if (channels === 3) {
    const colours = Array.from({ length: 3 * pixels }, (_, at) => gray((at % 3) * pixels + Math.floor(at / 3)))
    return { width, height, channels: 3, values: colours }
  }
  const across = channels * width
  const sideBySide = Array.from({ length: sizeOf(shape) }, (_, at) => {
    const [row, column] = [Math.floor(at / across), at % across]
    return gray(Math.floor(column / width) * pixels + row * width + (column % width))
  })
  return { width: across, height, channels: 1, values: sideBySide }
}

/** Of an array that is too long to be arguments. */
const extremes = (values: Float64Array): [least: number, most: number] =>
  values.reduce<[number, number]>(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Infinity, -Infinity],
  )
