import { describe, expect, it } from 'vitest'
import { doubtOf, namesIn, numbersIn, offerOf, presetOf, sidesIn } from '../../src-renderer/presets.ts'

const byte = 1 / 255
const known = [
  { name: 'none', preprocessing: { scale: 1, mean: [0], std: [1] } },
  { name: 'mnist', preprocessing: { scale: byte, mean: [0.1307], std: [0.3081] } },
]
const chosen = { scale: byte, mean: [0], std: [1], crop: [28, 28] }
const trial = (presets: { preset: string; accuracy: number; unscaled?: boolean; reversed?: boolean }[]) => ({
  ...{ samples: 100, accuracy: 0.4, classes: 10, presets },
})

describe('presets', () => {
  it('are known by what they do to values, whatever the framing', () => {
    expect(presetOf({ ...known[1].preprocessing, crop: [28, 28] }, known)).toBe('mnist')
    expect(presetOf(chosen, known)).toBe('')
  })

  it('are offered where the original is right more often by more than chance', () => {
    const offer = offerOf(trial([{ preset: 'mnist', accuracy: 0.98 }]), chosen, known)
    expect(offer).toEqual({
      words: 'MNIST',
      accuracy: 0.98,
      preprocessing: { scale: byte, mean: [0.1307], std: [0.3081], crop: [28, 28] },
    })
    expect(offerOf(trial([{ preset: 'mnist', accuracy: 0.41 }]), chosen, known)).toBeUndefined()
    expect(offerOf(trial([]), chosen, known)).toBeUndefined()
  })

  it('leave values between 0 and 1 as they are, and cannot turn colours round', () => {
    const unscaled = offerOf(trial([{ preset: 'mnist', accuracy: 0.9, unscaled: true }]), chosen, known)
    expect(unscaled).toMatchObject({ words: 'MNIST with a scale of 1', preprocessing: { scale: 1, mean: [0.1307] } })
    const reversed = offerOf(trial([{ preset: 'mnist', accuracy: 0.9, reversed: true }]), chosen, known)
    expect(reversed?.words).toBe('MNIST with colours in the order blue, green, red')
    expect(reversed?.preprocessing).toBeUndefined()
  })

  it('come with a doubt where the original is seldom right', () => {
    expect(doubtOf({ samples: 100, accuracy: 0.1, classes: 10 })).toContain('no better than guessing among 10')
    expect(doubtOf({ samples: 100, accuracy: 0.55, classes: 2 })).toContain('no better than guessing among 2')
    expect(doubtOf({ samples: 100, accuracy: 0.4, classes: 10 })).toBe('. Check the preprocessing and the labels.')
    expect(doubtOf({ samples: 100, accuracy: 0.9, classes: 10 })).toBe('')
  })
})

describe('what is typed', () => {
  it('is read as numbers, sides and names, or not at all', () => {
    expect(numbersIn('1/255')).toEqual([byte])
    expect(numbersIn('0.5, 0.4,0.3')).toEqual([0.5, 0.4, 0.3])
    for (const text of ['', '1/', 'half', '1/2/3', '1/0']) expect(numbersIn(text), text).toBeUndefined()
    expect(sidesIn('')).toEqual([])
    expect(sidesIn('224 × 200')).toEqual([224, 200])
    expect(sidesIn('256')).toEqual([256])
    for (const text of ['0', '1.5', '1,2,3', 'big', '5000']) expect(sidesIn(text), text).toBeUndefined()
    expect(namesIn(' cat, dog\nship,, ')).toEqual(['cat', 'dog', 'ship'])
  })
})
