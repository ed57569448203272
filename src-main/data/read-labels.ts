import { UserError } from '../core/errors.ts'
import { parseNpy } from './npy.ts'
import { parseNpz } from './npz.ts'
import { readBytes } from '../files/read-file.ts'

/**
 * Class numbers, one per sample: .npy, .npz (array `y`), or text with the number last on each line.
 * @throws UserError file-…, bad-npy, bad-npz, bad-labels
 */
export async function readLabels(path: string, expected: { readonly count?: number; readonly classes?: number } = {}) {
  const bytes = await readBytes(path)
  const values = /\.np[yz]$/i.test(path) ? arrayLabels(bytes, path) : textLabels(bytes)
  const bad = values.findIndex(
    (value) => !Number.isInteger(value) || value < 0 || value >= (expected.classes ?? 2 ** 31),
  )
  if (bad >= 0) {
    const range = expected.classes === undefined ? '' : `; the network has classes 0 to ${expected.classes - 1}`
    throw new UserError('bad-labels', `${path}: label ${bad} is ${values[bad]}${range}.`, { where: { file: path } })
  }
  if (expected.count !== undefined && values.length !== expected.count) {
    throw new UserError('bad-labels', `${path} holds ${values.length} labels for ${expected.count} samples.`, {
      where: { file: path },
    })
  }
  return Int32Array.from(values)
}

function arrayLabels(bytes: Uint8Array, path: string): number[] {
  const array = /\.npz$/i.test(path) ? parseNpz(bytes, 'y', path) : parseNpy(bytes, path)
  if (array.dims.filter((dim) => dim !== 1).length <= 1) return Array.from(array.values)
  throw new UserError(
    'bad-labels',
    `${path} has shape [${array.dims.join(', ')}]; one number per sample is expected.`,
    {
      where: { file: path },
    },
  )
}

/** A first line without a number is taken for a heading. */
function textLabels(bytes: Uint8Array): number[] {
  const lines = new TextDecoder()
    .decode(bytes)
    .split(/\r?\n/)
    .map((line) => line.trim())
  const cells = lines
    .filter((line) => line !== '')
    .map((line) =>
      line
        .split(/[,;\t]/)
        .at(-1)
        .trim(),
    )
  const numbers = cells.map((cell) => (cell === '' ? Number.NaN : Number(cell)))
  return Number.isNaN(numbers[0]) ? numbers.slice(1) : numbers
}
