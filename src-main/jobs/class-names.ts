import { UserError } from '../core/errors.ts'
import type { Samples } from '../data/read-samples.ts'
import { readText } from '../files/read-file.ts'

/** Names of a file, one a line, or a JSON list. @throws UserError file-…, bad-class-names */
export async function readClassNames(path: string): Promise<readonly string[]> {
  const text = (await readText(path, 2 ** 20)).trim()
  if (!text.startsWith('[')) return text.split(/\r?\n/).map((line) => line.trim())
  try {
    const list: unknown = JSON.parse(text)
    if (Array.isArray(list) && list.every((name) => typeof name === 'string')) return list
  } catch {
    // What follows says it.
  }
  throw new UserError('bad-class-names', `${path} is not a list of names.`, { where: { file: path } })
}

/**
 * Names of the classes in the order of the outputs: those that were given, else those of the model's file.
 * @param classes - scores of the network; a single one has two classes
 * @throws UserError bad-class-names
 */
export function classNamesOf(
  given: readonly string[] | undefined,
  ofModel: readonly string[] | undefined,
  classes: number,
): readonly string[] | undefined {
  if (given === undefined) return ofModel
  const wanted = Math.max(2, classes)
  const twice = given.find((name, place) => given.indexOf(name) !== place)
  if (given.length === wanted && twice === undefined && given.every((name) => name !== '')) return given
  const what = twice === undefined ? `${given.length} names of classes` : `“${twice}” twice among the names of classes`
  throw new UserError('bad-class-names', `There are ${what}; the network has ${wanted} classes.`, {
    hint: 'Name every class once, in the order of the network’s outputs.',
  })
}

/** The names that a data set has for all classes of the network, where nobody gives others. */
export function namesOfData({ labels }: Samples, classes: number): readonly string[] | undefined {
  return labels?.names?.length === Math.max(2, classes) ? labels.names : undefined
}
