import { readSamples } from '../data/read-samples.ts'
import type { PictureView } from '../ipc/jobs.ts'

/** One sample as something to look at: its own smallest value black, its largest white. */
export async function pictureOf(path: string, index: number): Promise<PictureView> {
  const source = await readSamples(path, { index })
  const [channels, height, width] = source.shape
  const raw = source.sample(0)
  const [least, most] = [Math.min(...raw), Math.max(...raw)]
  const shown = channels === 3 ? 3 : 1
  const pixels = height * width
  const values = Array.from({ length: pixels * shown }, (_, at) => {
    const value = raw[(at % shown) * pixels + Math.floor(at / shown)]
    return most > least ? Math.round((255 * (value - least)) / (most - least)) : 0
  })
  return { width, height, channels: shown, values }
}
