import { describe, expect, it } from 'vitest'
import { alikeChoice, enoughOf, keepingEnough } from '../../src-renderer/advice.ts'
import { differenceOf, largestDifference } from '../../src-renderer/answers.ts'
import { accuracyAlarms, hasExploded, quantisedWords } from '../../src-renderer/alarms.ts'
import { costsOf } from '../../src-renderer/costs.ts'
import { keptFacts, keptSentence } from '../../src-renderer/kept.ts'

const segment = { bundleBytes: 1e8, edgeMemoryBytes: 4e8, edgeSeconds: 2 } as Parameters<
  typeof costsOf
>[0]['segments'][number]

describe('what a plan costs', () => {
  it('is a range until it is planned from a fit', () => {
    const two = { segments: [segment, segment], cuts: [{ after: 'relu_2', kind: 'refresh' as const }] }
    const forecast = {
      bundleBytes: { least: 1e8, most: 2.4e8 },
      edgeMemoryBytes: { least: 9e8, most: 2.5e9 },
      edgeSeconds: { least: 4, most: 4 },
    }
    expect(costsOf({ ...two, forecast })).toMatchObject({
      isRange: true,
      bundle: '100 to 240\u00a0MB',
      memory: '900\u00a0MB to 2.50\u00a0GB',
      time: '4.0\u00a0s',
      memoryBytes: 4e8,
      refreshes: 1,
    })
    expect(costsOf(two)).toMatchObject({
      isRange: false,
      bundle: '200\u00a0MB',
      memory: '400\u00a0MB',
      time: '4.0\u00a0s',
    })
  })
})

describe('alarms of a report', () => {
  const layer = (name: string, errorAdded: number, rangeMargin: number) =>
    ({ name, errorAdded, rangeMargin, degree: 2, outOfRange: 0 }) as Parameters<
      typeof accuracyAlarms
    >[0]['layers'][number]
  const of = (confusion: number[][], layers: ReturnType<typeof layer>[] = []) => {
    const samples = confusion.flat().reduce((sum, value) => sum + value, 0)
    const right = confusion.reduce((sum, row, truth) => sum + row[truth], 0)
    return accuracyAlarms({ samples, original: { accuracy: right / samples, confusion }, layers })
  }

  it('tell an original at chance from one that is right', () => {
    expect(of([[18, 32], [32, 18]])[0]).toContain('no better than always saying the most common class') // prettier-ignore
    expect(of([[90, 0], [10, 0]])[0]).toContain('no better') // prettier-ignore
    expect(of([[45, 5], [5, 45]])).toEqual([]) // prettier-ignore
    expect(of([[10, 0], [0, 0]])[0]).toContain('one class') // prettier-ignore
  })

  it('name the layer from which on numbers explode', () => {
    const layers = [layer('relu_2', 0.01, 1.3), layer('relu_5', 5.6, 3e16), layer('relu_8', 9, 1e-8)]
    expect(layers.map(hasExploded)).toEqual([false, true, true])
    expect(of([[45, 5], [5, 45]], layers)).toEqual([expect.stringContaining('From relu_5 on')]) // prettier-ignore
  })

  it('say what is particular about a quantised network', () => {
    const quantised = { reference: 'ONNX Runtime', outputStep: 0.1, tied: 3, exactAgreement: 0.99, polynomialAgreement: 0.9, droppedClamps: [] } // prettier-ignore
    expect(quantisedWords({ quantised, samples: 100 })[0]).toMatch(/computed by ONNX Runtime.*3 of 100.*99\.0/)
    expect(quantisedWords({ samples: 100 })).toEqual([])
    const error = { rootMeanSquare: 1, largest: 2, relative: 0.25 }
    const [words] = quantisedWords({ quantised: { ...quantised, errors: { exact: error, polynomial: error } }, samples: 1 }) // prettier-ignore
    expect(words).toMatch(/outputs are within 25\.0/)
    expect(words).not.toContain('Rounding')
  })
})

describe('advice', () => {
  const choice = { degree: 2 as const, degrees: {}, splitPools: false, split: { by: 'cuts' as const, cuts: [] } }
  const candidate = (keptLabels: number, bundleBytes: number, judgedBy: 'labels' | 'relative-error' = 'labels') =>
    ({ ...choice, keptLabels, relativeError: 0.2, judgedBy, bundleBytes }) as unknown as Parameters<
      typeof keepingEnough
    >[0][number]

  it('knows which choices are in use, whatever the order of layers', () => {
    const degrees = { relu_2: 4, relu_5: 4 } as const
    expect(alikeChoice({ ...choice, degrees }, { ...choice, degrees: { relu_5: 4, relu_2: 4 } })).toBe(true)
    expect(alikeChoice(choice, { ...choice, degree: 4 })).toBe(false)
  })

  it('offers what keeps enough, the smallest first', () => {
    const all = [candidate(0.99, 3e8), candidate(0.5, 1e6), candidate(0.97, 1e8)]
    expect(keepingEnough(all, 0.95).map(({ bundleBytes }) => bundleBytes)).toEqual([1e8, 3e8])
    expect(enoughOf(candidate(1, 1, 'relative-error'), 0.95)).toBe(false)
    expect(enoughOf(candidate(0, 1, 'relative-error'), 0.75)).toBe(true)
  })
})

describe('what a fit keeps', () => {
  it('is of samples that it has not seen, and by error where there are no labels', () => {
    const kept = { samples: 60, keptLabels: 0.967, keptLow: 0.887, relativeError: 0.02, judgedBy: 'labels' as const }
    expect(keptFacts(kept).map(({ value }) => value)).toEqual(['96.7\u00a0%', '88.7\u00a0%', '60\u00a0samples'])
    expect(keptFacts({ ...kept, judgedBy: 'relative-error' })[0]).toEqual({ name: 'Outputs within', value: '2\u00a0%' })
    expect(keptFacts(undefined)[0].value).toBe('too few samples')
    expect(keptSentence(kept).replaceAll('\u00a0', ' ')).toBe(
      'It keeps 96.7 % of the labels on 60 samples that the fit has not seen, and at least 88.7 % with 95 % confidence.',
    )
    expect(keptSentence({ ...kept, samples: 1, judgedBy: 'relative-error' }).replaceAll('\u00a0', ' ')).toBe(
      'Its outputs are within 2 % of the original’s on 1 sample that the fit has not seen.',
    )
  })
})

it('the largest difference of tested inputs is that of one of them, whatever the others’ scores', () => {
  const samples = [
    { maxAbsDifference: 0.1, maxAbsLogit: 1 },
    { maxAbsDifference: 0.001, maxAbsLogit: 100 },
    { maxAbsLogit: 5 },
  ]
  expect(samples.map(differenceOf)).toEqual([0.1, 0.00001, undefined])
  expect(largestDifference(samples)).toBe(0.1)
  expect(largestDifference(samples.slice(2))).toBeUndefined()
})
