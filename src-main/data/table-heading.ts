/** Which columns of a table hold labels, and which hold nothing that a network could use. */

export const LABEL_HEADINGS = [
  'label',
  'class',
  'target',
  'y',
  'labels',
  'classes',
  'targets',
  'category',
  'class_name',
  'class_id',
]
const INDEX_HEADING = /^(|unnamed: ?\d+|index|id|image_?id|row|file|file_?name|image|path)$/i

export interface Heading {
  /** Texts of the first row, where it is a heading. */
  readonly titles?: readonly string[]
  /** The column headed label, class, target, y, or nearly so. */
  readonly label?: number
}

/** A first row is a heading where it says which column is the label, or has text where the second row has numbers. */
export function headingOf([first, second]: readonly (readonly string[])[]): Heading {
  const titles = first.map((text) => text.trim().toLowerCase())
  const label = LABEL_HEADINGS.map((heading) => titles.indexOf(heading)).find((column) => column >= 0)
  if (label !== undefined) return { titles, label }
  const isHeading = first.some((text, column) => !isNumber(text) && second !== undefined && isNumber(second[column]))
  return isHeading ? { titles } : {}
}

/** Row numbers and file names, by their headings. */
export const isIndexHeading = (title: string): boolean => INDEX_HEADING.test(title)

export const isNumber = (text: string | undefined): boolean =>
  text !== undefined && text.trim() !== '' && !Number.isNaN(Number(text))
