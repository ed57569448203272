import { countMultiplications } from '../network/count-multiplications.ts'
import type { LayerModel, Shape } from '../network/layer-model.ts'
import { HELD_OUT_PERIOD } from '../numeric/held-out.ts'

/** What may be done to a picture without making another of it; to a spectrum or a signal, little of it. */
export type Movement = 'turn' | 'zoom' | 'slant' | 'shift rows' | 'shift columns' | 'mirror'

/** Multiplications that all samples together may take before distorted copies are left out. */
const MOST_MULTIPLICATIONS = 5e9

/**
 * The calibration samples and one copy of each, moved by the given movements at once, so that the fits also see
 * samples a little less typical; no labels are needed, the original network says what is right. Copies of some of them, evenly
 * spaced, where all together would be more than `most`. Only the samples where there is no such movement or the network is so
 * large that the copies would take minutes.
 */
export function withDistortions(
  model: LayerModel,
  samples: readonly Float64Array[],
  movements: readonly Movement[],
  most = Infinity,
): readonly Float64Array[] {
  const gentle = movements.filter((movement) => movement !== 'mirror')
  if (gentle.length === 0 || samples.length < 2) return samples
  if (2 * samples.length * countMultiplications(model) > MOST_MULTIPLICATIONS) return samples
  const copied = copiedPlaces(samples.length, most - samples.length)
  return [...samples, ...copied.map((place, index) => distort(samples[place], model.input.shape, index, gentle))]
}

/** Which of `count` samples are copied. A copy stands where every fifth place puts it on the same side of the held-out split as its sample. */
function copiedPlaces(count: number, most: number): number[] {
  const all = count - (count % HELD_OUT_PERIOD)
  const step = most >= all ? 1 : (count - HELD_OUT_PERIOD) / most
  return Array.from({ length: Math.max(0, Math.min(all, most)) }, (_, index) => {
    const earliest = Math.floor(index * step)
    return earliest + ((count + index - earliest) % HELD_OUT_PERIOD)
  })
}

/** An affine distortion chosen by the index: up to 10° (turn), 10 % (zoom), a slant of 0.1, and shifts by 5 % of the side. */
export function distort(
  sample: Float64Array,
  [channels, height, width]: Shape,
  index: number,
  movements: readonly Movement[],
): Float64Array {
  // Low-discrepancy sequences in [−1, 1): multiples of square roots of primes.
  const amount = (movement: Movement, prime: number) =>
    movements.includes(movement) ? 2 * (((index + 1) * Math.sqrt(prime)) % 1) - 1 : 0
  const [turn, zoom, slant] = [amount('turn', 2), amount('zoom', 3), amount('slant', 5)]
  const [down, right] = [amount('shift rows', 7), amount('shift columns', 11)]
  const scale = 1 / (1 + 0.1 * zoom)
  const [cos, sin] = [Math.cos(0.17 * turn) * scale, Math.sin(0.17 * turn) * scale]
  const [middleY, middleX] = [(height - 1) / 2, (width - 1) / 2]
  const plane = height * width
  const result = new Float64Array(sample.length)
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const [v, u] = [i - middleY, j - middleX]
      const y = clamp(cos * v + sin * u + middleY + 0.05 * down * height, height - 1)
      const x = clamp(-sin * v + cos * u + 0.1 * slant * v + middleX + 0.05 * right * width, width - 1)
      const [top, left] = [Math.floor(y), Math.floor(x)]
      const [bottom, after] = [Math.min(height - 1, top + 1), Math.min(width - 1, left + 1)]
      const [fy, fx] = [y - top, x - left]
      for (let c = 0; c < channels; c++) {
        const at = (row: number, column: number) => sample[c * plane + row * width + column]
        const upper = (1 - fx) * at(top, left) + fx * at(top, after)
        const lower = (1 - fx) * at(bottom, left) + fx * at(bottom, after)
        result[c * plane + i * width + j] = (1 - fy) * upper + fy * lower
      }
    }
  }
  return result
}

const clamp = (value: number, most: number): number => Math.min(most, Math.max(0, value))

/** The sample with its columns in the opposite order. */
export const mirror = (sample: Float64Array, [, , width]: Shape): Float64Array =>
  sample.map((_, k) => sample[k + width - 1 - 2 * (k % width)])
