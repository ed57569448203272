import { describe, expect, it } from 'vitest'
import { classNamesIn } from '../../src-main/core/onnx/class-names.ts'

const names = ['cat', "dog's", 'ship']

describe('names of classes in a model’s metadata', () => {
  it.each([
    ['names', `{0: 'cat', 1: "dog's", 2: 'ship'}`],
    ['names', `{2: 'ship', 0: 'cat', 1: "dog's"}`],
    ['class_names', JSON.stringify(names)],
    ['id2label', JSON.stringify({ 0: 'cat', 1: "dog's", 2: 'ship' })],
    ['Labels', `['cat', "dog's", 'ship']`],
    ['classes', "cat, dog's, ship"],
    ['classes', "cat\ndog's\nship\n"],
  ])('%s: %s', (key, text) => {
    expect(classNamesIn(new Map([[key, text]]), 3)).toEqual(names)
  })

  it.each([
    ['names', `{0: 'cat', 2: 'ship'}`],
    ['names', `{1: 'cat', 2: 'dog', 3: 'ship'}`],
    ['classes', 'cat,cat,ship'],
    ['classes', '{"a": 1}'],
    ['author', 'cat,dog,ship'],
  ])('are not taken from %s: %s', (key, text) => {
    expect(classNamesIn(new Map([[key, text]]), 3)).toBeUndefined()
  })
})
