import type { Preprocessing } from '../core/bundle/preprocessing.ts'
import { UserError } from '../core/errors.ts'

/** Raw pixels, as large as the network takes them, flattened [channel, row, column], to what the network takes; see `checkPreprocessing`. */
export function preprocess(raw: Float64Array, { scale, mean, std }: Preprocessing): Float64Array {
  const pixels = raw.length / Math.max(mean.length, std.length)
  return raw.map((value, element) => {
    const channel = Math.floor(element / pixels)
    return (value * scale - perChannel(mean, channel)) / perChannel(std, channel)
  })
}

/**
 * Refuses figures that would turn pixels into NaN, or that are for another number of channels.
 * @throws UserError bad-preprocessing
 */
export function checkPreprocessing({ scale, mean, std }: Preprocessing, channels: number): void {
  const fail = (message: string): never => {
    throw new UserError('bad-preprocessing', message)
  }
  if (!Number.isFinite(scale) || scale === 0) fail(`The scale must be a finite number other than 0, not ${scale}.`)
  for (const [name, values] of [
    ['mean', mean],
    ['standard deviation', std],
  ] as const) {
    if (values.length !== 1 && values.length !== channels) {
      fail(`There are ${values.length} values of the ${name} for ${channels} channel(s); give one, or one per channel.`)
    }
    if (!values.every(Number.isFinite)) fail(`The ${name} must be finite.`)
  }
  if (!std.every((value) => value > 0)) fail('The standard deviation must be above 0.')
}

const perChannel = (values: readonly number[], channel: number): number => values[values.length === 1 ? 0 : channel]
