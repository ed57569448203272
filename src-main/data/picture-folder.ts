import { readdir } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { UserError } from '../core/errors.ts'
import { byCodePoint, type ClassLabels } from './class-labels.ts'
import { SOUND_HINT } from './foreign-data.ts'
import { isPicture } from './picture/decode-picture.ts'

/** The pictures of a folder, and their classes where they lie in a sub-folder for each. */
export interface PictureFolder {
  readonly files: readonly string[]
  readonly labels?: ClassLabels
  readonly warnings: readonly string[]
}

const MAX_PICTURES = 1_000_000
/** Parts of a data set, which nobody means as classes. */
const PARTS = /^(train|training|test|testing|val|valid|validation|eval|dev)$/i
/** What systems and programs leave behind. */
const LEFT_BEHIND = /^(\.|__MACOSX$|Thumbs\.db$|desktop\.ini$)/i
const natural = new Intl.Collator('en', { numeric: true }).compare

/**
 * Pictures in natural order of their names. Where there are none, each sub-folder is a class; classes are numbered by
 * the names of their folders as torchvision and Keras do. Names that begin with a dot are left out.
 * @throws UserError no-samples
 */
export async function listPictures(folder: string): Promise<PictureFolder> {
  const entries = (await readdir(folder, { withFileTypes: true })).filter(({ name }) => !LEFT_BEHIND.test(name))
  const direct = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name)
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const pictures = direct.filter(isPicture).sort(natural)
  const others = othersIn(direct)
  if (pictures.length > 0) {
    const unread =
      folders.length > 0
        ? [`${folder}: its ${folders.length} sub-folders are not read, since pictures lie beside them.`]
        : []
    return {
      files: checked(pictures, folder).map((name) => join(folder, name)),
      warnings: [...unread, ...warningOf(folder, others)],
    }
  }
  if (folders.length === 0) throw noPictures(folder, others)
  if (folders.every((name) => PARTS.test(name))) {
    throw new UserError('no-samples', `${folder} holds the parts of a data set: ${folders.join(', ')}.`, {
      where: { file: folder },
      hint: `Give one of them, such as ${join(folder, folders[0])}.`,
    })
  }
  return await classesIn(folder, folders.sort(byCodePoint), others)
}

async function classesIn(folder: string, names: readonly string[], others: string[]): Promise<PictureFolder> {
  const files: string[] = []
  const values: number[] = []
  for (const [place, name] of names.entries()) {
    const found = (await readdir(join(folder, name), { recursive: true, withFileTypes: true }))
      .filter((entry) => !entry.isDirectory() && !LEFT_BEHIND.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter(
        (path) =>
          !path
            .slice(folder.length)
            .split(/[\\/]/)
            .some((part) => LEFT_BEHIND.test(part)),
      )
    const pictures = found.filter(isPicture).sort(natural)
    others.push(...othersIn(found))
    files.push(...pictures)
    values.push(...pictures.map(() => place))
  }
  if (files.length === 0) throw noPictures(folder, others)
  return {
    files: checked(files, folder),
    labels: { file: folder, values, names },
    warnings: [...warningOf(folder, others), ...numberWarning(folder, names)],
  }
}

/** Sorted as text, 10 comes before 2. */
function numberWarning(folder: string, names: readonly string[]): string[] {
  if (!names.every((name) => /^\d{1,9}$/.test(name))) return []
  const wrong = names.findIndex((name, place) => Number(name) !== place)
  if (wrong < 0) return []
  return [
    `${folder}: classes are numbered in the order of their folders’ names as text, as torchvision and Keras do; folder ${names[wrong]} is class ${wrong}. --class-names gives another order.`,
  ]
}

const othersIn = (paths: readonly string[]): string[] =>
  paths.filter((path) => !isPicture(path)).map((path) => basename(path))

function warningOf(folder: string, others: readonly string[]): string[] {
  if (others.length === 0) return []
  const hint = others.some(isOtherPicture) ? ` ${CONVERT_HINT}` : ''
  return [`${folder}: left out, since they are not PNG, JPEG, WebP or BMP: ${endings(others)}.${hint}`]
}

const isOtherPicture = (name: string): boolean => /\.(tiff?|gif|avif|heic|jp2|jxl|p[bgnp]m)$/i.test(name)
const CONVERT_HINT = 'Convert pictures to PNG to have them read, such as with mogrify -format png (ImageMagick).'

/** .gif (2), .webp (1) */
function endings(names: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const name of names) {
    const ending = extname(name).toLowerCase() || name
    counts.set(ending, (counts.get(ending) ?? 0) + 1)
  }
  const sorted = [...counts].sort(([, left], [, right]) => right - left).slice(0, 6)
  return sorted.map(([ending, count]) => `${ending} (${count})`).join(', ')
}

function checked(files: readonly string[], folder: string): readonly string[] {
  if (files.length <= MAX_PICTURES) return files
  throw new UserError('no-samples', `${folder} holds ${files.length} pictures; at most ${MAX_PICTURES} are read.`, {
    where: { file: folder },
  })
}

function noPictures(folder: string, others: readonly string[]): UserError {
  const held = others.length > 0 ? ` It holds ${endings(others)}.` : ''
  const isSound = others.some((name) => /\.(wav|flac|mp3|ogg)$/i.test(name))
  const array = others.find((name) => /\.(npy|npz|csv|tsv|parquet|bin)(\.gz)?$|ubyte(\.gz)?$/i.test(name))
  const hint = isSound
    ? SOUND_HINT
    : others.some(isOtherPicture)
      ? CONVERT_HINT
      : array &&
        `A folder holds pictures. Give one of its files, such as ${join(folder, array)}; put samples of several arrays into one.`
  return new UserError('no-samples', `${folder} holds no pictures in PNG, JPEG, WebP or BMP.${held}`, {
    where: { file: folder },
    ...(hint && { hint }),
  })
}
