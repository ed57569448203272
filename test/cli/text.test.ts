import { describe, expect, it } from 'vitest'
import { textOf } from '../../src-main/cli/commands/decrypt.ts'
import { pairs, table } from '../../src-main/cli/table.ts'
import { stepCounter, type ProgressEvent } from '../../src-main/core/progress.ts'
import { errorText, ProgressLine, progressText } from '../../src-main/cli/terminal.ts'
import { bytes, seconds } from '../../src-main/core/units.ts'
import { number, numbers, positiveNumber, wholeNumber } from '../../src-main/cli/values.ts'

describe('what people read', () => {
  it('tells a quantity, or whether it is above 0, where no label is meant', () => {
    const quantity = { label: 1, isQuantity: true } as const
    expect(textOf({ ...quantity, scores: [4.75] })).toBe('output 4.75')
    expect(textOf(quantity)).toContain('the output is above 0')
    expect(textOf({ ...quantity, label: 0 })).toContain('the output is 0 or below')
    expect(textOf({ label: 1, labelName: 'defect' })).toBe('label 1 (defect)')
    expect(textOf({ label: 1, scores: [0.9] })).toBe('label 1\nscore 0.9')
  })

  it('tells every image of a batch and every output', () => {
    const quantity = { label: 0, isQuantity: true, scores: [-2.5] } as const
    expect(textOf({ ...quantity, images: [quantity, { ...quantity, scores: [0.1 + 0.2] }] })).toBe(
      'image 1\noutput -2.5\n\nimage 2\noutput 0.3',
    )
    const outputs = [
      { name: 'kind', label: 2 },
      { name: 'age', ...quantity },
      { name: 'box', scores: [1, 2] },
    ]
    expect(textOf({ label: 2, outputs })).toBe('kind: label 2\nage: output -2.5\nbox: output 1, 2')
  })

  it('aligns tables, numbers to the right', () => {
    expect(
      table(
        ['layer', 'weights'],
        [
          ['conv1', 156],
          ['fc', 48120],
        ],
      ),
    ).toBe(['layer  weights', '─────  ───────', 'conv1      156', 'fc       48120'].join('\n'))
    expect(
      pairs([
        ['bundle', 'a.sealed'],
        ['time', '3 s'],
      ]),
    ).toBe('bundle  a.sealed\ntime    3 s')
  })

  it('gives sizes in SI units and times as people say them', () => {
    expect([0, 999, 1000, 449_000_000, 1.5e10].map(bytes)).toEqual(['0 B', '999 B', '1.00 kB', '449 MB', '15.0 GB'])
    expect([999_499, 999_999].map(bytes)).toEqual(['999 kB', '1.00 MB'])
    expect([0.123, 12.34, 60, 125].map(seconds)).toEqual(['0.12 s', '12.3 s', '1 min 0 s', '2 min 5 s'])
    expect([0, 0.00261, 0.0994, 0.0999].map(seconds)).toEqual(['0.00 s', '2.6 ms', '99 ms', '0.10 s'])
    expect([9.996, 59.97, 119.7].map(seconds)).toEqual(['10.0 s', '1 min 0 s', '2 min 0 s'])
  })

  it('shows where an error is, and what helps', () => {
    const text = errorText({ code: 'a-code', message: 'No.', where: { node: 'conv1', file: 'a.onnx' }, hint: 'Do.' })
    expect(text).toBe('error: No.\n  node: conv1\n  file: a.onnx\n  hint: Do.\n  (a-code)')
  })

  it('draws progress with what remains', () => {
    const text = progressText({
      kind: 'step',
      stage: 'encrypt',
      done: 6,
      total: 12,
      detail: 'conv2',
      remainingMs: 4000,
    })
    expect(text).toBe('encrypt  ████████████░░░░░░░░░░░░  6/12  conv2  about 4 s left')
  })
})

describe('progress where stderr is no terminal', () => {
  it('is a line each half minute', () => {
    const lines: string[] = []
    const stream = { isTTY: false, write: (text: string) => lines.push(text) } as unknown as NodeJS.WriteStream
    let ms = 0
    const line = new ProgressLine(stream, () => ms)
    for (let second = 1; second <= 100; second += 1) {
      ms = second * 1000
      line.listen({ kind: 'step', stage: 'tune', done: second, total: 100 })
    }
    line.clear()
    expect(lines.map((text) => /(\d+)\/100\n$/.exec(text)?.[1])).toEqual(['30', '60', '90'])
  })

  it('has no estimate before a twentieth is done', () => {
    const events: ProgressEvent[] = []
    const step = stepCounter({ progress: (event) => events.push(event) }, 'tune', 100, () => events.length * 1000)
    for (let done = 1; done <= 6; done += 1) step()
    const estimates = events.flatMap((event) => (event.kind === 'step' ? [event.remainingMs !== undefined] : []))
    expect(estimates).toEqual([false, false, false, false, true, true])
  })
})

describe('what people write', () => {
  it('takes decimals, exponents and fractions', () => {
    expect([number('0.5'), number('1e-3'), number('1/255')]).toEqual([0.5, 0.001, 1 / 255])
    expect(numbers('0.485,0.456,0.406')).toEqual([0.485, 0.456, 0.406])
  })

  it.each(['', 'x', '1/0', '1/2/3', 'Infinity', '0.1,'])('refuses %j as numbers', (text) => {
    expect(() => numbers(text)).toThrow('A number is expected')
  })

  it.each(['-1', '1.5', '', '9999999999'])('refuses %j as a whole number', (text) => {
    expect(() => wholeNumber(text)).toThrow('whole number')
  })

  it('refuses no threads', () => {
    expect(() => positiveNumber('0')).toThrow('above 0')
  })
})
