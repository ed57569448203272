import type { Graph } from '../core/graph/graph.ts'
import { readSamples } from '../data/read-samples.ts'

/**
 * A network's input shape with the sizes that it leaves open as those of the first sample: [1, C, H, W], channels last where
 * the fixed sizes say so, or [1, C, length]. Undefined where nothing is open, or there are several inputs.
 */
export async function openShape(
  { inputs }: Graph,
  calibration: string | undefined,
): Promise<readonly number[] | undefined> {
  const [{ shape: declared = [] } = { shape: [] }, second] = inputs
  if (calibration === undefined || second || !declared.some((size, axis) => axis > 0 && typeof size === 'string'))
    return undefined
  const {
    shape: [channels, height, width],
  } = await readSamples(calibration)
  const forms = [
    [channels, height, width],
    [height, width, channels],
    [channels, height * width],
    [height, width],
    [channels * height * width],
  ]
  const fits = (form: readonly number[]): boolean =>
    form.length === declared.length - 1 &&
    form.every((size, at) => typeof declared[at + 1] === 'string' || declared[at + 1] === size)
  const found = forms.find(fits)
  return found && [1, ...found]
}
