import { describe, expect, it } from 'vitest'
import { checkPreprocessing, preprocess } from '../../src-main/data/preprocess.ts'
import { NO_PREPROCESSING, type Preprocessing } from '../../src-main/core/bundle/preprocessing.ts'

const preprocessing = (changes: Partial<Preprocessing>): Preprocessing => ({ ...NO_PREPROCESSING, ...changes })

describe('preprocess', () => {
  it('scales, then subtracts the mean and divides by the standard deviation', () => {
    const result = preprocess(Float64Array.of(0, 255), preprocessing({ scale: 1 / 255, mean: [0.5], std: [0.25] }))
    expect([...result]).toEqual([-2, 2])
  })

  it('takes one value per channel', () => {
    const raw = Float64Array.of(1, 2, 3, 4)
    expect([...preprocess(raw, preprocessing({ mean: [1, 3], std: [1, 0.5] }))]).toEqual([0, 1, 0, 2])
    expect([...preprocess(raw, preprocessing({ mean: [1], std: [1, 0.5] }))]).toEqual([0, 1, 4, 6])
  })

  it.each<[string, Partial<Preprocessing>]>([
    ['scale', { scale: Number.NaN }],
    ['scale', { scale: 0 }],
    ['standard deviation', { std: [0] }],
    ['standard deviation', { std: [-1] }],
    ['mean', { mean: [Infinity] }],
    ['mean', { mean: [0, 0] }],
  ])('refuses a wrong %s: %j', (name, changes) => {
    expect(() => checkPreprocessing(preprocessing(changes), 3)).toThrow(name)
  })

  it('accepts values for every channel', () => {
    expect(() => checkPreprocessing(preprocessing({ mean: [0, 1, 2], std: [1, 1, 1] }), 3)).not.toThrow()
  })
})
