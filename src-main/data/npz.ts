import { exactBytes } from '../core/units.ts'
import { unzipSync } from 'fflate'
import { UserError } from '../core/errors.ts'
import { MAX_FILE_BYTES } from '../files/read-file.ts'

/** What the samples are for: archives may hold both kinds. */
export type Purpose = 'train' | 'test'

/** `archive.npz:x_train` names one array of an archive. */
export function splitArrayName(path: string): { readonly file: string; readonly array?: string } {
  const [, file, array] = /^(.*\.npz):([^:/\\]+)$/is.exec(path) ?? []
  return file === undefined ? { file: path } : { file, array: array.replace(/\.npy$/, '') }
}

/**
 * The bytes of one array of an .npz archive. The size an entry claims is checked before anything is inflated.
 * @throws UserError bad-npz, file-too-large
 */
export function arrayBytes(archive: Uint8Array, array: string, file: string): Uint8Array {
  const entry = entries(archive, file, (name) => name === `${array}.npy`)[`${array}.npy`]
  if (entry) return entry
  throw new UserError('bad-npz', `${file} has no array named ${array}; it holds ${heldIn(archive, file)}.`, {
    where: { file },
    hint: `Name one of them, as in ${file}:NAME.`,
  })
}

/** Names of the arrays, in the archive's order. @throws UserError bad-npz */
export function arrayNames(archive: Uint8Array, file: string): string[] {
  const names: string[] = []
  entries(archive, file, (name) => {
    if (name.endsWith('.npy')) names.push(name.replace(/\.npy$/, ''))
    return false
  })
  return names
}

/** The array of samples: one of the usual names, the only one, or the only one that `fits` the network. @throws UserError bad-npz */
export function sampleArray(
  names: readonly string[],
  file: string,
  purpose: Purpose,
  fits: (name: string) => boolean,
): string {
  const usual = chosen(names, SAMPLE_NAMES, purpose)
  if (usual !== undefined) return usual
  const fitting = names.length > 1 ? names.filter(fits) : []
  return fitting.length === 1 ? fitting[0] : onlyOne(names, file, 'samples', SAMPLE_NAMES[0])
}

/** The array of labels, likewise. @throws UserError bad-npz */
export function labelArray(names: readonly string[], file: string, purpose: Purpose): string {
  return chosen(names, LABEL_NAMES, purpose) ?? onlyOne(names, file, 'labels', LABEL_NAMES[0])
}

/** The labels that belong to an array of samples by its name: y_test to x_test, train_labels to train_images. */
export function labelsBeside(names: readonly string[], samples: string): string | undefined {
  if (samples === 'arr_0') return names.find((name) => name === 'arr_1')
  const own = plain(samples)
  const stem = SAMPLE_NAMES.find((name) => new RegExp(`(^|_)${name}(_|$)`).test(own))
  const part = PARTS.find((half) => SAMPLE_NAMES.some((name) => ofPart(name, half).includes(own)))
  return firstNamed(
    names,
    LABEL_NAMES.flatMap((label) => [
      ...(stem === undefined ? [] : [own.replace(new RegExp(`(^|_)${stem}(?=_|$)`), `$1${label}`)]),
      ...(part === undefined ? [] : ofPart(label, part)),
    ]),
  )
}

const SAMPLE_NAMES = [
  'x',
  'images',
  'image',
  'imgs',
  'samples',
  'data',
  'inputs',
  'input',
  'features',
  'pixels',
  'arr_0',
]
const LABEL_NAMES = ['y', 'labels', 'label', 'targets', 'target', 'classes']
const PARTS = ['train', 'test', 'val', 'valid', 'validation'] as const
/** Which are taken first. */
const PURPOSES: Readonly<Record<Purpose, readonly (typeof PARTS)[number][]>> = {
  train: ['train', 'val', 'valid', 'validation', 'test'],
  test: ['test', 'val', 'valid', 'validation', 'train'],
}

/** xTrain, X-train and x_train are one name. */
const plain = (name: string): string =>
  name
    .replace(/([a-z])(?=[A-Z])/g, '$1_')
    .replaceAll('-', '_')
    .toLowerCase()

const ofPart = (name: string, part: string): string[] => [
  `${name}_${part}`,
  `${part}_${name}`,
  `${name}${part}`,
  `${part}${name}`,
]

const firstNamed = (names: readonly string[], spellings: readonly string[]): string | undefined =>
  spellings.flatMap((spelling) => names.filter((name) => plain(name) === spelling))[0]

const chosen = (names: readonly string[], usual: readonly string[], purpose: Purpose): string | undefined =>
  firstNamed(
    names,
    usual.flatMap((name) => [name, ...PURPOSES[purpose].flatMap((part) => ofPart(name, part))]),
  )

function onlyOne(names: readonly string[], file: string, what: string, usual: string): string {
  if (names.length === 1) return names[0]
  throw new UserError('bad-npz', `${file} does not say which array holds the ${what}: ${listed(names)}.`, {
    where: { file },
    hint: `Name one, as in ${file}:NAME, or save it with numpy.savez(file, ${usual}=…).`,
  })
}

const listed = (names: readonly string[]): string => names.slice(0, 20).join(', ') || 'nothing'
const heldIn = (archive: Uint8Array, file: string): string => listed(arrayNames(archive, file))

function entries(archive: Uint8Array, file: string, wanted: (name: string) => boolean): Record<string, Uint8Array> {
  const where = { file }
  try {
    return unzipSync(archive, {
      filter: ({ name, originalSize }) => {
        if (!wanted(name)) return false
        if (originalSize <= MAX_FILE_BYTES) return true
        throw new UserError(
          'file-too-large',
          `${file}: array ${name} claims ${exactBytes(originalSize)}; at most ${exactBytes(MAX_FILE_BYTES)} are read.`,
          { where },
        )
      },
    })
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError('bad-npz', `${file} is not an intact .npz archive.`, { where, cause: error })
  }
}
