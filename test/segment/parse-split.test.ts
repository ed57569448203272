import { describe, expect, it } from 'vitest'
import { parseSplit } from '../../src-main/core/segment/cut.ts'

describe('parseSplit', () => {
  it('takes every activation, or some by name, as exact', () => {
    expect(parseSplit('exact')).toEqual({ by: 'activations', kind: 'exact' })
    expect(parseSplit('exact:relu_1, relu_3')).toEqual({
      by: 'cuts',
      cuts: [
        { after: 'relu_1', kind: 'exact' },
        { after: 'relu_3', kind: 'exact' },
      ],
    })
    expect(parseSplit('conv_1:exact')).toEqual({ by: 'cuts', cuts: [{ after: 'conv_1', kind: 'exact' }] })
  })

  it.each(['exact:', 'exact:relu_1,', 'auto=2', 'refreshes'])('refuses %s with what would do', (text) => {
    const refusal = { code: 'bad-split', hint: expect.stringContaining('exact:relu_1,relu_3') as string }
    expect(() => parseSplit(text)).toThrow(expect.objectContaining(refusal))
  })
})
