import type { AccuracyReport, ClassChange } from './accuracy-report.ts'
import type { OutputError } from './output-error.ts'

/** A table as both reports print it. */
export interface ReportTable {
  readonly title: string
  readonly header: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** A share from 0 to 1 in percent; a dash where it is not known. */
export const percent = (share: number | undefined): string =>
  share === undefined ? '–' : `${(100 * share).toFixed(2)} %`

const points = (difference: number): string => `${difference > 0 ? '+' : ''}${(100 * difference).toFixed(2)}`
const figure = (value: number | undefined): string => value?.toPrecision(3) ?? '–'

/** One row for each network: accuracy and agreement, or errors where the outputs are quantities. */
export function networkTable(report: AccuracyReport): ReportTable {
  const { samples, original, polynomial, encrypted } = report
  if (report.judgedBy === 'error') return errorTable(report)
  const rows = [
    ['original', String(samples), percent(original.accuracy), '–'],
    ['polynomial', String(samples), percent(polynomial.accuracy), percent(polynomial.agreement)],
  ]
  if (encrypted) {
    rows.push(['encrypted', String(encrypted.samples), percent(encrypted.accuracy), percent(encrypted.agreement)])
  }
  return { title: 'Networks', header: ['network', 'samples', 'accuracy', 'agreement'], rows }
}

/** Of a network that gives quantities: the distance from the original, and from the labels where they are such quantities. */
function errorTable({ samples, polynomial, encrypted, targets }: AccuracyReport): ReportTable {
  const row = (name: string, count: number, error?: OutputError, toLabels?: OutputError): string[] => [
    ...[name, String(count), figure(error?.rootMeanSquare), figure(error?.largest), percent(error?.relative)],
    ...(targets ? [figure(toLabels?.rootMeanSquare), figure(toLabels?.largest)] : []),
  ]
  const rows = [
    row('original', samples, undefined, targets?.original),
    row('polynomial', samples, polynomial.error, targets?.polynomial),
  ]
  if (encrypted) rows.push(row('encrypted', encrypted.samples, encrypted.error, targets?.encrypted))
  const header = ['network', 'samples', 'error (RMS)', 'largest', 'of the deviation']
  return { title: 'Networks', header: [...header, ...(targets ? ['from labels (RMS)', 'largest'] : [])], rows }
}

/** Of quantities no label says how much is kept. */
export const layerTable = ({ layers, judgedBy }: AccuracyReport): ReportTable => ({
  title: 'Where the error comes from',
  header: [
    ...['layer', 'activation', 'degree', 'error added'],
    ...(judgedBy === 'error' ? [] : ['agreement so far']),
    ...['range margin', 'out of range'],
  ],
  rows: layers.map((layer) => [
    layer.name,
    layer.original,
    String(layer.degree),
    percent(layer.errorAdded),
    ...(judgedBy === 'error' ? [] : [percent(layer.agreement)]),
    figure(layer.rangeMargin),
    percent(layer.outOfRange) + (layer.worstChannel === undefined ? '' : ` (most in channel ${layer.worstChannel})`),
  ]),
})

/** A class as people read it: its number, and its name where there is one. */
export const classText = ({ classNames }: Pick<AccuracyReport, 'classNames'>, label: number): string =>
  [label, classNames?.[label] ?? []].flat().join(' ')

/** Those that any sample has. */
export const seenClasses = ({ classes }: AccuracyReport): readonly ClassChange[] =>
  classes.filter(({ count }) => count > 0)

export const classTable = (report: AccuracyReport): ReportTable => ({
  title: 'By class',
  header: ['class', 'samples', 'original', 'polynomial', 'change (points)'],
  rows: seenClasses(report).map(({ label, count, original, polynomial }) => [
    classText(report, label),
    String(count),
    percent(original),
    percent(polynomial),
    points(polynomial - original),
  ]),
})

/** The samples at most risk: by their margins, or by their error where the outputs are quantities. */
export function worstTable(report: AccuracyReport): ReportTable {
  const title = 'Worst samples'
  if (report.judgedBy === 'error') {
    const rows = report.worst.map(({ index, largestDifference }) => [String(index), figure(largestDifference)])
    return { title, header: ['sample', 'difference'], rows }
  }
  return {
    title,
    header: ['sample', 'truth', 'original', 'margin', 'polynomial', 'margin', 'largest difference'],
    rows: report.worst.map((sample) => [
      String(sample.index),
      sample.truth === undefined ? '–' : classText(report, sample.truth),
      classText(report, sample.original),
      figure(sample.originalMargin),
      sample.polynomial === undefined ? 'none' : classText(report, sample.polynomial),
      figure(sample.polynomialMargin),
      figure(sample.largestDifference),
    ]),
  }
}

/** Whether encryption noise can change a label, in one sentence. */
export function noiseSentence({ encrypted, samples, judgedBy }: AccuracyReport): string | undefined {
  if (!encrypted) return undefined
  const { noise, agreementWithPolynomial } = encrypted
  const moved = `Encryption moved an output by at most ${figure(noise.largest)} (${figure(noise.rootMeanSquare)} on average)`
  if (judgedBy === 'error') return `${moved}.`
  return (
    `${moved}; labels agreed with the polynomial network on ${percent(agreementWithPolynomial)} of ${encrypted.samples} samples. ` +
    `A margin over ${figure(noise.marginBound)} cannot be lost to that noise: ` +
    `${noise.beyondBound.kept} of ${noise.beyondBound.samples} encrypted samples with a larger one kept the label. ` +
    `${Math.round(noise.flippable * samples)} of ${samples} samples have a smaller one.`
  )
}

/** Who computed the original, where that is worth a word: a quantised network's report says it too. */
export function originalSentence({ original, quantised }: AccuracyReport): string | undefined {
  const { computedBy, deviation } = original
  return quantised || computedBy === undefined || (computedBy === 'ONNX Runtime' && !deviation)
    ? undefined
    : `The original is computed by ${computedBy}.`
}
