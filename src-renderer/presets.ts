/** Usual preprocessings in words, and the one under which the original network is most often right. */
import type { OriginalTrialView, PresetView, ProjectView } from './api.ts'

type Preprocessing = ProjectView['choices']['preprocessing']

const words: Readonly<Record<string, string>> = {
  none: 'Values as they are',
  unit: '0 to 1',
  signed: '−1 to 1',
  mnist: 'MNIST',
  fashion: 'Fashion-MNIST',
  cifar10: 'CIFAR-10',
  cifar100: 'CIFAR-100',
  imagenet: 'ImageNet',
}

export const presetWords = (name: string): string => words[name] ?? name

/** The preset that is chosen, by its name; '' where none is. Framing and the scale of values between 0 and 1 are the data's. */
export const presetOf = (chosen: Preprocessing, presets: readonly PresetView[]): string =>
  presets.find(({ preprocessing }) => isSame(chosen, preprocessing))?.name ?? ''

const isSame = (one: Preprocessing, other: Preprocessing): boolean =>
  one.scale === other.scale && `${one.mean}` === `${other.mean}` && `${one.std}` === `${other.std}`

/** By so much another preprocessing has to be right more often to be offered. */
const leastGain = 0.02

export interface Offer {
  readonly words: string
  readonly accuracy: number
  /** Absent where the window cannot choose it. */
  readonly preprocessing?: Preprocessing
}

/** Better than what is chosen, where there is such a one. */
export function offerOf(
  { accuracy, presets = [] }: OriginalTrialView,
  chosen: Preprocessing,
  known: readonly PresetView[],
): Offer | undefined {
  const [best] = presets
  const preset = known.find(({ name }) => name === best?.preset)?.preprocessing
  if (!best || !preset || best.accuracy < accuracy + leastGain) return undefined
  const { mean, std } = preset
  const scale = best.unscaled ? 1 : preset.scale
  const added = [
    ...(best.unscaled ? [' with a scale of 1'] : []),
    ...(best.reversed ? [' with colours in the order blue, green, red'] : []),
  ]
  return {
    words: `${presetWords(best.preset)}${added.join('')}`,
    accuracy: best.accuracy,
    ...(!best.reversed && { preprocessing: { ...chosen, scale, mean, std } }),
  }
}

/** What the page says where the original is right too seldom to be fed as it was in training; '' elsewhere. */
export function doubtOf({ accuracy, classes }: OriginalTrialView): string {
  if (accuracy <= 1.2 / classes)
    return `, no better than guessing among ${classes}. Check the preprocessing and the labels.`
  return accuracy < 0.5 ? '. Check the preprocessing and the labels.' : ''
}

/** "0.485, 0.456, 0.406" or "1/255"; undefined where it is not a list of numbers. */
export function numbersIn(text: string): number[] | undefined {
  const values = text.split(',').map((part) => {
    const [above, below, ...rest] = part.split('/').map((word) => (word.trim() === '' ? NaN : Number(word)))
    return rest.length > 0 ? NaN : below === undefined ? above : above / below
  })
  return values.every(Number.isFinite) ? values : undefined
}

/** "256" or "224 × 224"; empty for none, undefined where it is neither. */
export function sidesIn(text: string): number[] | undefined {
  if (text.trim() === '') return []
  const values = text.split(/[×x,]/).map(Number)
  const fits = values.length <= 2 && values.every((side) => Number.isInteger(side) && side >= 1 && side <= 4096)
  return fits ? values : undefined
}

/** One name a line, or with commas between. */
export const namesIn = (text: string): string[] =>
  text
    .split(/[\n,]/)
    .map((name) => name.trim())
    .filter((name) => name !== '')
