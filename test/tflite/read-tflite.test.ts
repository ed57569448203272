import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../src-main/core/errors.ts'
import { relativeChange } from '../../src-main/core/network/classification.ts'
import { applyFinish } from '../../src-main/core/network/finish.ts'
import type { LayerModel } from '../../src-main/core/network/layer-model.ts'
import { runLayers } from '../../src-main/core/network/run-layers.ts'
import { normalise, preflight } from '../../src-main/core/normalise/normalise.ts'
import { readTflite } from '../../src-main/core/tflite/read-tflite.ts'
import { randomNumbers } from '../models/compare.ts'

const folder = join(import.meta.dirname, 'models')
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.tflite'))
  .map((file) => file.replace('.tflite', ''))

/** Inputs and outputs as the file has them, channels last; by LiteRT with XNNPACK's kernels and with its own. */
interface Expected {
  readonly output: { readonly scale?: number; readonly zero_point?: number }
  readonly cases: readonly { readonly input: number[]; readonly xnnpack: number[]; readonly builtin: number[] }[]
}

const bytesOf = (name: string): Uint8Array => readFileSync(join(folder, `${name}.tflite`))
const expectedOf = (name: string) => JSON.parse(readFileSync(join(folder, `${name}.expected.json`), 'utf8')) as Expected

function run(model: LayerModel, input: readonly number[], { scale = 1, zero_point = 0 }: Expected['output']) {
  const [channels, rows, columns] = model.input.shape
  const plane = rows * columns
  const isNhwc = model.input.layout === 'nhwc'
  const from = (at: number): number => (isNhwc ? (at % plane) * channels + Math.floor(at / plane) : at)
  const sample = Float64Array.from(input, (_, at) => input[from(at)])
  return applyFinish(model.finish, runLayers(model, sample)).map((value) => value / scale + zero_point)
}

const labelOf = (scores: ArrayLike<number>): number => {
  const all = Array.from(scores)
  return all.indexOf(Math.max(...all))
}

describe.each(names)('%s', (name) => {
  const graph = readTflite(bytesOf(name), { name })
  const { output, cases } = expectedOf(name)

  it('computes what LiteRT does, on the integers of the file where it is quantised', () => {
    const model = normalise(graph, { onIntegers: true })
    // One half that is rounded the other way is some steps of a softmax. Where weights alone are integers, LiteRT
    // rounds what they multiply while it runs: without that, outputs would be 1e-5 to 1e-3 away.
    const most = output.scale === undefined ? 5e-6 : model.finish === 'softmax' ? 3.01 : 1.01
    for (const { input, xnnpack } of cases) {
      const found = run(model, input, output)
      found.forEach((value, at) => expect(Math.abs(value - xnnpack[at])).toBeLessThan(most))
    }
  })

  it('keeps the labels with clamps in place of quantisers, or the outputs of an autoencoder', () => {
    const model = normalise(graph)
    const found = cases.map(({ input }) => run(model, input, output))
    if (cases[0].input.length === found[0].length) {
      const expected = cases.map(({ xnnpack }) => Float64Array.from(xnnpack))
      expect(relativeChange(expected, found)).toBeLessThan(0.1)
    } else {
      cases.forEach(({ xnnpack, builtin }, i) =>
        expect([labelOf(xnnpack), labelOf(builtin)]).toContain(labelOf(found[i])),
      )
    }
  })

  it('is reported node by node, and can be protected', () => {
    const report = preflight(graph)
    expect(report.supported).toBe(true)
    expect(report.nodes.filter(({ becomes }) => becomes === 'unused')).toEqual([])
  })
})

it('holds ReLU6 in its quantisers, below 6 where the samples did not reach it', () => {
  const clips = normalise(readTflite(bytesOf('relu6-16x16-narrow-calibration-int8'))).layers.flatMap((layer) =>
    layer.kind === 'activation' ? [layer.activation] : [],
  )
  const most = clips.map(({ operator, parameters }) => (operator === 'Clip' ? Number(parameters.max) : NaN))
  expect(Math.min(...most)).toBeLessThan(4.2)
  expect(Math.max(...most)).toBeLessThanOrEqual(6.01)
  expect(clips.every(({ parameters }) => Math.abs(Number(parameters.min)) < 1e-9)).toBe(true)
})

const [name] = names.filter((each) => each.startsWith('relu6'))

const outcomeOf = (bytes: Uint8Array): string => {
  try {
    preflight(readTflite(bytes))
    return 'read'
  } catch (error) {
    if (error instanceof UserError) return error.code
    throw error
  }
}

describe('hostile bytes', () => {
  const bytes = bytesOf(name)

  it('that are cut off are refused at every length', () => {
    for (let length = 0; length < bytes.length; length += 97) {
      expect(outcomeOf(bytes.slice(0, length)), `${length} bytes`).toMatch(/^bad-/)
    }
  })

  it('with changed bytes, words and lengths are read or refused with a code, and soon', { timeout: 60_000 }, () => {
    const next = randomNumbers(11)
    const counts = new Map<string, number>()
    for (let round = 0; round < 300; round++) {
      const changed = bytes.slice()
      const view = new DataView(changed.buffer, changed.byteOffset, changed.byteLength)
      // The tables stand at both ends; between them are weights, of which any are valid.
      for (let change = 0; change < 3; change++) {
        const at = 4 * Math.floor(((next() + 1) / 2) * (bytes.length / 4 - 1))
        const value = [0, 1, 0x7fffffff, 0xffffffff, at, Math.floor((next() + 1) * 2 ** 31)][round % 6]
        view.setUint32(at, value >>> 0, true)
      }
      const outcome = outcomeOf(changed)
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
    }
    expect([...counts.values()].reduce((a, b) => a + b)).toBe(300)
    expect(counts.get('bad-tflite')).toBeGreaterThan(10)
  })

  it('that share one large part without end are refused', () => {
    // A model whose operators are all the same table: each read is cheap, a hundred million of them are not.
    const count = 2 ** 20
    const file = new Uint8Array(64 + 4 * count)
    const view = new DataView(file.buffer)
    file.set(new TextEncoder().encode('TFL3'), 4)
    view.setUint32(0, 24, true)
    // vtable at 8: size 14, table 8, fields 0..4; the model at 24 has sub-graphs (2) and buffers (4) in one vector.
    view.setUint16(8, 14, true)
    view.setUint16(10, 8, true)
    view.setUint16(8 + 4 + 2 * 2, 4, true)
    view.setUint16(8 + 4 + 2 * 4, 4, true)
    view.setInt32(24, 16, true)
    view.setUint32(28, 32 - 28, true)
    view.setUint32(32, count, true)
    for (let at = 0; at < count; at++) view.setUint32(36 + 4 * at, 2 ** 32 - (36 + 4 * at - 24), true)
    expect(outcomeOf(file)).toBe('bad-tflite')
  })

  it('of another kind are not taken for it', () => {
    expect(outcomeOf(new TextEncoder().encode('%PDF-1.7 something else'))).toBe('bad-tflite')
  })
})
