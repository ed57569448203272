import { UserError } from '../core/errors.ts'
import { must } from '../core/must.ts'

/** Classes of samples as a data set states them. */
export interface ClassLabels {
  /** Where they come from, for messages. */
  readonly file: string
  /** One for each sample: a class number, or a place in `names`. */
  readonly values: ArrayLike<number>
  readonly names?: readonly string[]
  /** Whether `names` lists every class in the order of the network's outputs; else they are all names that occur, sorted. */
  readonly isComplete?: boolean
}

export interface ExpectedLabels {
  /** Of the samples. */
  readonly count?: number
  /** Of the network, or of a data set that says so. */
  readonly classes?: number
  /** In the order of the network's outputs. */
  readonly classNames?: readonly string[]
}

/** Text labels, numbered in the order of their names, as torchvision, Keras and scikit-learn do. */
export function namedLabels(file: string, texts: readonly string[], also: readonly string[] = []): ClassLabels {
  const names = [...new Set([...texts, ...also])].sort(byCodePoint)
  const places = new Map(names.map((name, place) => [name, place]))
  return { file, names, values: Int32Array.from(texts, (text) => must(places, text)) }
}

/** As Python sorts text. */
export function byCodePoint(left: string, right: string): number {
  const [one, other] = [left, right].map((text) => Array.from(text, (character) => character.codePointAt(0) ?? 0))
  const first = one.findIndex((point, at) => point !== other[at])
  return first < 0 ? one.length - other.length : one[first] - (other[first] ?? -1)
}

/** One place of 1 in each row of `classes` values, all others 0; undefined where a row is anything else. */
export function fromOneHot(values: ArrayLike<number>, classes: number): number[] | undefined {
  const rows = values.length / classes
  const labels: number[] = []
  for (let row = 0; row < rows; row++) {
    let label = -1
    for (let place = 0; place < classes; place++) {
      const value = values[row * classes + place]
      if (value !== 0 && (value !== 1 || label >= 0)) return undefined
      if (value === 1) label = place
    }
    if (label < 0) return undefined
    labels.push(label)
  }
  return labels
}

const hint = 'Name the classes in the order of the network’s outputs with --class-names.'

/**
 * Labels as numbers of the network's outputs. Names are found by name where the network's are known, and numbers too where
 * its names are numbers; else they are numbered in their order, where there are as many as the network has outputs.
 * @throws UserError bad-labels
 */
export function classNumbers(labels: ClassLabels, expected: ExpectedLabels = {}): Int32Array {
  const { file } = labels
  const fail = (message: string, help?: string): never => {
    throw new UserError('bad-labels', `${file}${message}`, { where: { file }, hint: help })
  }
  const numbers = labels.names
    ? numbersOfNames(labels, labels.names, expected, fail)
    : (placesOfNumbers(labels.values, expected) ?? Array.from(labels.values))
  const classes = expected.classes === undefined ? undefined : Math.max(2, expected.classes)
  const bad = numbers.findIndex((value) => !Number.isInteger(value) || value < 0 || value >= (classes ?? 2 ** 31))
  if (bad >= 0) {
    const range = classes === undefined ? '' : `; the network has classes 0 to ${classes - 1}`
    fail(`: label ${bad} is ${numbers[bad]}${range}.`, beginsAtOne(numbers, classes) ? FROM_ZERO : undefined)
  }
  if (expected.count !== undefined && numbers.length !== expected.count) {
    fail(` holds ${numbers.length} labels for ${expected.count} samples.`)
  }
  return Int32Array.from(numbers)
}

const FROM_ZERO = 'The labels seem to begin at 1. Subtract 1 from each, so that they begin at 0.'

const beginsAtOne = (labels: readonly number[], classes: number | undefined): boolean =>
  labels.every((label) => Number.isInteger(label) && label >= 1 && label <= (classes ?? 0))

/** Where the network's classes are called 10, 20 and 30, and so are all labels. */
function placesOfNumbers(values: ArrayLike<number>, { classNames = [] }: ExpectedLabels): number[] | undefined {
  const places = new Map(classNames.map((name, place) => [name, place]))
  const found = Array.from(values, (value) => places.get(String(value)))
  return found.every((place) => place !== undefined) ? found : undefined
}

function numbersOfNames(
  { values, isComplete }: ClassLabels,
  names: readonly string[],
  { classes, classNames }: ExpectedLabels,
  fail: (message: string, hint?: string) => never,
): number[] {
  const places = Array.from(values)
  if (classNames) {
    const byName = new Map(classNames.map((name, place) => [plain(name), place]))
    if (names.every((name) => byName.has(plain(name)))) return places.map((place) => must(byName, plain(names[place])))
    const unknown = names.find((name) => !byName.has(plain(name)))
    if (isComplete && names.length === classNames.length) return places
    return fail(` has a class “${unknown}”, which the network does not name.`, `It names ${some(classNames)}. ${hint}`)
  }
  if (isComplete || classes === undefined || names.length === Math.max(2, classes)) return places
  const numbers = names.map(Number)
  if (names.every((name, i) => /^\d{1,9}$/.test(name) && numbers[i] < classes)) return places.map((i) => numbers[i])
  return fail(` has ${names.length} classes, ${some(names)}; the network has ${Math.max(2, classes)}.`, hint)
}

/** Spellings of one name that people do not mean to tell apart. */
const plain = (name: string): string =>
  name
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ')

const some = (names: readonly string[]): string => names.slice(0, 5).join(', ') + (names.length > 5 ? ', …' : '')
