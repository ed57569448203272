import type { Framing, Layout } from '../core/bundle/preprocessing.ts'
import { UserError } from '../core/errors.ts'
import type { Shape } from '../core/network/layer-model.ts'
import { arraySamples } from './array-samples.ts'
import { inMemory } from './byte-source.ts'
import { parseNpy } from './npy.ts'
import { framed } from './picture/resize.ts'
import { checkFits, fitPicture } from './picture-samples.ts'
import { decodePicture } from './picture/decode-picture.ts'

/** What a sample sent over HTTP may be. */
export const SAMPLE_TYPES = {
  'application/x-npy': 'sample.npy',
  'image/png': 'sample.png',
  'image/jpeg': 'sample.jpg',
} as const

export type SampleType = keyof typeof SAMPLE_TYPES

/**
 * One sample from bytes in memory: a picture, or a .npy array with exactly one.
 * @throws UserError bad-npy, bad-image, image-too-large, wrong-shape, non-finite-pixels, input-out-of-range
 */
export async function sampleFromBytes(
  bytes: Uint8Array,
  type: SampleType,
  shape: Shape,
  options: Framing & { readonly layout: Layout },
): Promise<Float64Array> {
  const name = SAMPLE_TYPES[type]
  if (type !== 'application/x-npy') {
    const picture = await decodePicture(bytes, name, (size) => checkFits(size, shape, name, options))
    return new Float64Array(fitPicture(framed(picture, options), shape))
  }
  const samples = arraySamples(parseNpy(inMemory(bytes), name), name, { shape, layout: options.layout })
  if (samples.count !== 1) throw new UserError('wrong-shape', `${name} holds ${samples.count} samples instead of one.`)
  return samples.sample(0)
}
