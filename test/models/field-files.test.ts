import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { UserError } from '../../src-main/core/errors.ts'
import { sizeOf } from '../../src-main/core/network/layer-model.ts'
import { runLayers } from '../../src-main/core/network/run-layers.ts'
import { finishedParts } from '../../src-main/core/normalise/run-tail.ts'
import { openNetworkFile, type NetworkFile } from '../../src-main/jobs/open-network.ts'
import { openReference } from '../../src-main/ort/reference.ts'
import { randomSample, relativeDifference } from './compare.ts'

/** What opening a file of field/ comes to; of what differs and of what ONNX Runtime refuses, docs/onnx-runtime.md has the reason. */
interface Row {
  readonly result: 'right' | 'refused' | 'runtime-refuses' | 'runtime-differs'
  /** Of what is refused: part of the message or of the hint. */
  readonly says?: string
  readonly inputShape?: readonly number[]
}

/** An input by its formula, and what ONNX Runtime 1.32 answers, with its optimiser off where the file is quantised. */
interface Expected {
  readonly values: 'sin(0.37 k)' | 'floor((sin(0.37 k)+1)*60)'
  readonly outputs: Readonly<Record<string, readonly unknown[]>>
}

const folder = fileURLToPath(new URL('field/', import.meta.url))
const rows = JSON.parse(readFileSync(new URL('field-files.json', import.meta.url), 'utf8')) as Record<string, Row>

it('knows every file', () => {
  const files = readdirSync(folder).filter((name) => !name.endsWith('.json'))
  expect(files.sort()).toEqual(Object.keys(rows).sort())
})

it.each(Object.entries(rows))('%s', async (file, { result, says, inputShape }) => {
  const path = folder + file
  if (result === 'refused') {
    const error = await openNetworkFile({ model: path, inputShape }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(UserError)
    expect(`${(error as UserError).message} ${(error as UserError).hint}`).toContain(says)
    return
  }
  const network = await openNetworkFile({ model: path, inputShape })
  const expected = path.replace(/\.onnx$/, '.expected.json')
  if (existsSync(expected)) expectOutputs(network, JSON.parse(readFileSync(expected, 'utf8')) as Expected)
  else expect(await compared(path, network)).toBe(result)
})

/** float16 rounds every value; of integers one half that is rounded the other way is some steps. */
const toleranceOf = ({ model, isHalf }: NetworkFile, isHalfInput = false): number =>
  model.quantised ? 1e-2 : isHalf || isHalfInput ? 1e-3 : 1e-4

function expectOutputs(network: NetworkFile, { values, outputs }: Expected): void {
  const model = network.onIntegers ?? network.model
  const count = sizeOf(model.input.shape)
  const value = values.startsWith('floor')
    ? (k: number): number => Math.floor((Math.sin(0.37 * k) + 1) * 60)
    : (k: number): number => Math.sin(0.37 * k)
  const [channels] = model.input.shape
  const plane = count / channels
  const isLast = model.input.layout === 'nhwc'
  const place = (at: number): number => (isLast ? (at % plane) * channels + Math.floor(at / plane) : at)
  const sample = Float64Array.from({ length: count }, (_, at) => value(place(at)))
  for (const [name, found] of finishedParts(model, runLayers(model, sample))) {
    const wanted = (name === '' ? Object.values(outputs)[0] : outputs[name]).flat(Infinity)
    const { scale, zero } = model.quantised?.outputIntegers ?? { scale: 1, zero: 0 }
    // A label of text is known by its number.
    if (wanted.every((each) => typeof each === 'string')) continue
    const numbers = Float64Array.from(wanted as number[], (each) => scale * (each - zero))
    expect(relativeDifference(found, numbers)).toBeLessThan(toleranceOf(network, true))
  }
}

/** ZipMap's maps of names are not handed over by the Node binding: what it makes them of. */
const insteadOf: Readonly<Record<string, string>> = { output_probability: 'probabilities' }

async function compared(path: string, network: NetworkFile): Promise<Row['result']> {
  const { model, onIntegers = model, comparedOutput } = network
  const { layout, onnxShape, name: inputName } = model.input
  const choice = { layout, onnxShape, inputName, outputIntegers: model.quantised?.outputIntegers }
  try {
    let [worst, isHalfInput] = [0, false]
    for (const name of model.tail?.outputs ?? ['']) {
      const outputName = name === '' ? comparedOutput : (insteadOf[name] ?? name)
      const reference = await openReference(path, { ...choice, outputName, literal: model.quantised !== undefined })
      const sample = randomSample(sizeOf(model.input.shape), 1)
      const found = finishedParts(onIntegers, runLayers(onIntegers, sample))
      worst = Math.max(worst, relativeDifference(found.get(name) ?? new Float64Array(), await reference.run(sample)))
      isHalfInput ||= reference.inputType === 'float16'
      await reference.close()
    }
    return worst < toleranceOf(network, isHalfInput) ? 'right' : 'runtime-differs'
  } catch (error) {
    if (error instanceof UserError && error.code === 'onnxruntime-refused') return 'runtime-refuses'
    throw error
  }
}
