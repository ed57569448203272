import { describe, expect, it } from 'vitest'
import { accuracyReport } from '../../src-main/core/validate/accuracy-report.ts'
import { reportHtml } from '../../src-main/core/validate/report-html.ts'
import { measureKept } from '../../src-main/core/validate/kept.ts'
import { quantisedReport, quantisedSentences } from '../../src-main/core/validate/quantised-report.ts'
import { reportText } from '../../src-main/core/validate/report-text.ts'

const scores = (...rows: number[][]) => rows.map((row) => Float64Array.from(row))

const original = scores([5, 1, 0], [0, 4, 1], [0, 1, 2], [3, 0, 2.9])
const polynomial = scores([4, 1, 0], [0, 3, 1], [0, 1.5, 2], [2, 0, 2.5])
const labels = [0, 1, 2, 0]

describe('accuracyReport', () => {
  const report = accuracyReport({
    labels,
    original,
    polynomial,
    encrypted: { indices: [0, 3], outputs: scores([4.01, 1, 0], [2, 0.02, 2.5]) },
  })

  it('counts accuracy, agreement, confusion and the change by class', () => {
    expect(report.original.accuracy).toBe(1)
    expect(report.polynomial).toMatchObject({ accuracy: 0.75, agreement: 0.75 })
    expect(report.polynomial.confusion).toEqual([
      [1, 0, 1],
      [0, 1, 0],
      [0, 0, 1],
    ])
    expect(report.encrypted!.confusion).toEqual([
      [1, 0, 1],
      [0, 0, 0],
      [0, 0, 0],
    ])
    expect(report.classes[0]).toEqual({ label: 0, count: 2, original: 1, polynomial: 0.5 })
  })

  it('puts the samples that lost their label first, then the narrowest', () => {
    expect(report.worst.map(({ index }) => index)).toEqual([3, 2, 1, 0])
    expect(report.worst[0]).toMatchObject({ truth: 0, original: 0, polynomial: 2, polynomialMargin: 0.5 })
  })

  it('says on how many samples outputs leave ten times the range of the original', () => {
    expect(report.polynomial.far).toBe(0)
    expect(report.warnings).toEqual([])
    // The original's are 3 from their mean at most; what is added to all outputs of a sample changes no label.
    const outputs = scores([4, 1, 0], [0, 3, 1], [1e3, 1e3, 1e3 + 2], [-50, 0, 2.5])
    const { polynomial: judged, warnings } = accuracyReport({ labels, original, polynomial: outputs })
    expect(judged.far).toBe(1)
    expect(warnings).toEqual([expect.stringMatching(/^On 1 of 4 samples \(the first is 3\)/)])
  })

  it('weighs the noise against the margins', () => {
    const { noise, agreementWithPolynomial } = report.encrypted!
    expect(agreementWithPolynomial).toBe(1)
    expect(noise.largest).toBeCloseTo(0.02)
    expect(noise.marginBound).toBeGreaterThanOrEqual(2 * noise.largest)
    expect(noise.flippable).toBe(0)
    expect(noise.beyondBound.kept).toBe(noise.beyondBound.samples)
    expect(noise.beyondBound.samples).toBeGreaterThan(0)
  })

  it('counts samples on which the polynomials leave the finite numbers as wrong', () => {
    const lost = accuracyReport({
      labels,
      original,
      polynomial: scores([Infinity, 0, 0], [0, 3, 1], [NaN, NaN, NaN], [3, 0, 2.5]),
      encrypted: { indices: [0, 1], outputs: scores([9, 1, 0], [0, 3.01, 1]) },
    })
    expect(lost.polynomial).toMatchObject({ accuracy: 0.5, agreement: 0.5, far: 2 })
    expect(lost.polynomial.confusion).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 0],
    ])
    expect(lost.worst.slice(0, 2).map(({ index }) => index)).toEqual([0, 2])
    expect(lost.worst[0]).toEqual({ index: 0, truth: 0, original: 0, originalMargin: 4, polynomialMargin: 0 })
    expect(lost.encrypted!.agreementWithPolynomial).toBe(1)
    expect(lost.encrypted!.noise.largest).toBeCloseTo(0.01)
    expect(lost.warnings[0]).toContain('sample 0, nor on 1 more of 4')
    expect(JSON.stringify(lost)).not.toContain('null')
    expect(reportText(lost)).toContain('none')
  })

  it('works without labels', () => {
    const unlabelled = accuracyReport({ original, polynomial })
    expect(unlabelled.original).toEqual({})
    expect(unlabelled.polynomial.agreement).toBe(0.75)
  })

  it.each([
    ['labels of another length', { labels: [0, 1], original, polynomial }, 'wrong-labels'],
    ['a label out of range', { labels: [0, 1, 2, 3], original, polynomial }, 'wrong-labels'],
    ['a label that is not whole', { labels: [0, 1, 2, 0.5], original, polynomial }, 'wrong-labels'],
    ['another number of outputs', { original, polynomial: polynomial.slice(1) }, 'wrong-shape'],
    ['outputs of another size', { original, polynomial: scores([1], [1], [1], [1]) }, 'wrong-shape'],
    ['an original output that is not finite', { original: scores([NaN, 0]), polynomial: scores([0, 0]) }, 'not-finite'],
    [
      'no finite polynomial output',
      { original, polynomial: original.map(() => Float64Array.of(NaN, 0, 0)) },
      'not-finite',
    ],
    ['no samples', { original: [], polynomial: [] }, 'no-samples'],
  ])('refuses %s', (_, input, code) => {
    expect(() => accuracyReport(input)).toThrow(expect.objectContaining({ name: 'UserError', code }))
  })
})

describe('the printed report', () => {
  const report = accuracyReport({
    labels,
    original,
    polynomial,
    layers: [
      {
        name: '<script>alert(1)</script>',
        original: 'Relu',
        degree: 2,
        errorAdded: 0.02,
        agreement: 0.75,
        rangeMargin: 1.1,
        outOfRange: 0.001,
        worstChannel: 3,
      },
    ],
    warnings: ['few samples'],
  })

  it('states every table in text', () => {
    const text = reportText(report)
    for (const part of ['75.00 %', 'Relu', 'Worst samples', 'few samples', 'channel 3']) expect(text).toContain(part)
  })

  it('draws no bar of a class that no sample has', () => {
    const page = reportHtml(accuracyReport({ labels: [0, 1, 1, 0], original, polynomial }), 'some')
    const [, bars] = page.split('aria-label="Change by class (points)"')
    expect(bars.split('</svg>')[0].match(/<rect /g)).toHaveLength(2)
  })

  it('is one page that escapes names and fetches nothing', () => {
    const html = reportHtml(report, 'A & B')
    expect(html).toContain('A &amp; B')
    expect(html).toContain('<svg')
    expect(html).not.toContain('<script')
    expect(html).not.toMatch(/\b(src|href)=/)
    expect(html).toContain('<svg role="img" aria-label="Error added by layer"')
    expect(html).not.toMatch(/<svg(?![^>]*aria-label)/)
  })
})

describe('of a single output', () => {
  const [logits, polynomials] = [scores([2], [-1], [0.5], [-3]), scores([1.5], [-1], [-0.5], [-3])]

  it('judges a yes or a no by labels, in a matrix of two classes', () => {
    const encrypted = { indices: [0, 2], outputs: scores([1.4], [-0.6]) }
    const report = accuracyReport({ labels: [1, 0, 1, 1], original: logits, polynomial: polynomials, encrypted })
    expect(report.original).toMatchObject({
      accuracy: 0.75,
      confusion: [
        [1, 0],
        [1, 2],
      ],
    })
    expect(report.polynomial).toMatchObject({
      accuracy: 0.5,
      agreement: 0.75,
      confusion: [
        [1, 0],
        [2, 1],
      ],
    })
    expect(report.encrypted).toMatchObject({
      accuracy: 0.5,
      confusion: [
        [0, 0],
        [1, 1],
      ],
    })
    expect(report.classes.map(({ count }) => count)).toEqual([1, 3])
    expect(reportText(report)).toContain('75.00 %')
  })

  it('judges several quantities by their error, and by labels where there are some', () => {
    const [original, polynomial] = [[Float64Array.of(1, 2, 3)], [Float64Array.of(1, 2.5, 3)]]
    const report = accuracyReport({ isQuantity: true, original, polynomial })
    expect(report.judgedBy).toBe('error')
    expect(report.classes).toEqual([])
    expect(report.polynomial.error?.largest).toBe(0.5)
    const labelled = accuracyReport({ isQuantity: true, labels: [2], original, polynomial })
    expect(labelled.judgedBy).toBe('labels')
    expect(labelled.polynomial.accuracy).toBe(1)
  })

  it('measures each of several quantities by its own deviation, as what a fit keeps is', () => {
    // One stands at 1000 and one at 0, each 2 from its mean; half of that is lost.
    const original = scores([1002, 2], [998, -2])
    const polynomial = scores([1001, 1], [999, -1])
    const { error } = accuracyReport({ isQuantity: true, original, polynomial }).polynomial
    expect(error).toEqual({ rootMeanSquare: 1, largest: 1, relative: 0.5 })
    expect(error?.relative).toBe(measureKept(original, polynomial, true).relativeError)
  })

  it('tells no labels of a quantised network of quantities', () => {
    const [original, exact, polynomial] = [scores([2, 0], [4, 0]), scores([1, 0], [5, 0]), scores([3, 0], [3, 0])]
    const found = { reference: 'ONNX Runtime', outputStep: 1, droppedClamps: [], original, exact, polynomial }
    const sentences = (isQuantity: boolean) =>
      quantisedSentences({ quantised: quantisedReport({ ...found, isQuantity }), samples: 2 }).join(' ')
    expect(sentences(true)).not.toMatch(/label|scores/)
    // Both outputs deviate by 1 and 0 from their means.
    expect(sentences(true)).toContain('within 100.00 % of their deviation, with polynomials within 100.00 %')
    expect(sentences(false)).toContain('keeps 100.00 % of the labels')
  })

  it('judges a quantity by its error', () => {
    const report = accuracyReport({ isQuantity: true, original: logits, polynomial: polynomials })
    expect(report.judgedBy).toBe('error')
    expect(report.polynomial.error?.rootMeanSquare).toBeCloseTo(Math.sqrt(1.25 / 4))
    expect(report.polynomial.error?.largest).toBe(1)
    // About their mean of −0.375, the original outputs deviate by the root of 13.6875/4.
    expect(report.polynomial.error?.relative).toBeCloseTo(Math.sqrt(1.25 / 13.6875))
    expect(report.classes).toEqual([])
    expect(report.worst.map(({ index }) => index)).toEqual([2, 0, 1, 3])
    expect(reportText(report)).toContain('of the deviation')
  })
})
