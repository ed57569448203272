import { present } from '../core/must.ts'
import type { Framing, Layout } from '../core/bundle/preprocessing.ts'
import { readSamples } from '../data/read-samples.ts'
import type { PictureView } from '../ipc/picture.ts'

type Framed = Framing & { readonly layout?: Layout }

/** Samples as something to look at. */
export async function picturesOf(
  path: string,
  { layout, resize, crop }: Framed,
  indices: readonly number[],
): Promise<PictureView[]> {
  const samples = await readSamples(path, { layout, resize, crop })
  return indices.map((index) => pictureOf(samples.sample(index), samples.shape))
}

/** Its own smallest value black, its largest white; the first channel where there are neither one nor three. */
export function pictureOf(
  raw: Float64Array,
  [channels, height, width]: readonly [number, number, number],
): PictureView {
  const [least, most] = [Math.min(...raw), Math.max(...raw)]
  const shown = channels === 3 ? 3 : 1
  const pixels = height * width
  const values = Array.from({ length: pixels * shown }, (_, at) => {
    const value = present(raw[(at % shown) * pixels + Math.floor(at / shown)])
    return most > least ? Math.round((255 * (value - least)) / (most - least)) : 0
  })
  return { width, height, channels: shown, values }
}
