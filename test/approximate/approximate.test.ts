import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { approximate } from '../../src-main/core/approximate/approximate.ts'
import { foldIntoSquares } from '../../src-main/core/approximate/fold-into-squares.ts'
import type { PolynomialModel } from '../../src-main/core/network/polynomial-model.ts'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import type { LayerModel } from '../../src-main/core/network/layer-model.ts'
import { normalise } from '../../src-main/core/normalise/normalise.ts'
import { runLayerBatch } from '../../src-main/core/network/run-layers.ts'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { silent } from '../../src-main/core/progress.ts'
import type { ProgressEvent } from '../../src-main/core/progress.ts'
import { centrePolynomials } from '../../src-main/core/tune/centre.ts'
import { attributeLayers } from '../../src-main/core/validate/attribute-layers.ts'
import { chooseDegrees } from '../../src-main/core/compile/choose-degrees.ts'
import { depthOf } from '../../src-main/core/network/depth.ts'
import { labelOf, share } from '../../src-main/core/network/classification.ts'
import { mnistSamples } from '../support/mnist-samples.ts'
import { conv, randomNumbers, randomVector } from './random-polynomial-model.ts'

/** Enough for a choice. */
const approximation = { tuningEpochs: 2 }

const agreementOf = (left: readonly Float64Array[], right: readonly Float64Array[]) =>
  share(left, (output, i) => labelOf(output) === labelOf(right[i]))

const errorOf = (outputs: readonly Float64Array[], expected: readonly Float64Array[]) =>
  expected.reduce((sum, row, i) => sum + row.reduce((s, value, j) => s + (outputs[i][j] - value) ** 2, 0), 0)

describe('approximate, on a trained LeNet-5', () => {
  let model: LayerModel
  let calibration: Float64Array[]
  let test: Float64Array[]
  let expected: Float64Array[]
  let quadratic: PolynomialModel

  beforeAll(async () => {
    model = normalise(readOnnx(new Uint8Array(readFileSync(new URL('../../assets/lenet5.onnx', import.meta.url)))))
    calibration = mnistSamples(0, 400)
    test = mnistSamples(1000, 300)
    expected = runLayerBatch(model, test)
    quadratic = await approximate(model, calibration, { degree: 2, tuningEpochs: 4 }, silent)
  })

  it('keeps the labels at degree 2, and the outputs better than without refitting', async () => {
    const plain = await approximate(model, calibration, { degree: 2, refit: false }, silent)
    const refitted = runLayerBatch(quadratic, test)
    expect(agreementOf(refitted, expected)).toBeGreaterThan(0.96)
    expect(errorOf(refitted, expected)).toBeLessThan(0.8 * errorOf(runLayerBatch(plain, test), expected))
  })

  it('folds into squares that keep every label, with shifts that leave the precision alone', () => {
    const folded = foldIntoSquares(quadratic, calibration)
    const outputs = runLayerBatch(folded, test)
    expect(agreementOf(outputs, runLayerBatch(quadratic, test))).toBe(1)
    for (const layer of folded.layers)
      if (layer.kind === 'square') expect(folded.bounds.get(layer.id)).toBeLessThan(1.01)
  })

  it('attributes the whole error to the layers', async () => {
    const layers = await attributeLayers(model, quadratic, test.slice(0, 100), silent)
    expect(layers.map(({ original }) => original)).toEqual(['Relu', 'Relu', 'Relu', 'Relu'])
    const outputs = runLayerBatch(quadratic, test.slice(0, 100))
    expect(layers.at(-1)!.agreement).toBe(agreementOf(outputs, expected.slice(0, 100)))
    const total = layers.reduce((sum, { errorAdded }) => sum + errorAdded, 0)
    expect(total).toBeGreaterThan(0)
    expect(total).toBeLessThan(0.5)
    for (const { outOfRange } of layers) expect(outOfRange).toBeLessThan(0.02)
  })

  it('attributes the same to the same function, whose means are in the biases behind as tuning leaves them', async () => {
    const hundred = test.slice(0, 100)
    const layers = await attributeLayers(model, quadratic, hundred, silent)
    const centred = centrePolynomials(quadratic, calibration)
    const moved = await attributeLayers(model, centred, hundred, silent)
    layers.forEach(({ agreement, errorAdded }, i) => {
      expect(moved[i].agreement).toBe(agreement)
      expect(moved[i].errorAdded).toBeCloseTo(errorAdded, 3)
    })
  })

  it('attributes finite errors to layers that throw samples out of all numbers', async () => {
    const thrown = quadratic.layers.map((layer) =>
      layer.kind === 'polynomial' && layer.id.endsWith('_8')
        ? { ...layer, coefficients: layer.coefficients.map((row) => row.map((value) => value * 1e200)) }
        : layer,
    )
    const layers = await attributeLayers(model, { ...quadratic, layers: thrown }, test.slice(0, 20), silent)
    const added = layers.map(({ errorAdded }) => errorAdded)
    expect(added[2]).toBeGreaterThan(90)
    expect(added[0] + added[1]).toBeLessThan(1)
    expect(added.reduce((sum, error) => sum + error, 0)).toBeCloseTo(100)
  })

  it('warns where the samples lie outside what calibration saw', async () => {
    const warnings: string[] = []
    const bright = test.slice(0, 20).map((image) => image.map((value) => 3 * value))
    const work = { progress: (event: ProgressEvent) => void (event.kind === 'warning' && warnings.push(event.message)) }
    await attributeLayers(model, quadratic, test.slice(0, 20), work)
    expect(warnings).toEqual([])
    await attributeLayers(model, quadratic, bright, work)
    expect(warnings).toEqual([expect.stringMatching(/does not cover/)])
  })
})

/** Two convolutions, a max-pool behind the first, every weight random. */
function smallNetwork(): LayerModel {
  const random = randomNumbers(11)
  const linear = { kind: 'linear' as const, sources: [] }
  const activation = { kind: 'activation' as const, sources: [], activation: { operator: 'Relu', parameters: {} } }
  return {
    name: 'small',
    input: { name: 'x', shape: [1, 8, 8], onnxShape: [1, 1, 8, 8], layout: 'nchw' },
    layers: [
      {
        ...linear,
        id: 'first',
        shape: [4, 8, 8],
        terms: [{ input: INPUT, map: conv(1, 4, 3, 1, 1, 1, random) }],
        bias: randomVector(4, random),
      },
      { ...activation, id: 'relu', shape: [4, 8, 8], input: 'first' },
      {
        kind: 'max-pool',
        id: 'pool',
        sources: [],
        shape: [4, 4, 4],
        input: 'relu',
        kernel: [2, 2],
        strides: [2, 2],
        dilations: [1, 1],
        pads: [0, 0, 0, 0],
      },
      {
        ...linear,
        id: 'second',
        shape: [5, 1, 1],
        terms: [{ input: 'pool', map: { kind: 'dense', weight: randomVector(5 * 64, random) } }],
        bias: randomVector(5, random),
      },
      { ...activation, id: 'last', shape: [5, 1, 1], input: 'second' },
    ],
    output: 'last',
    finish: 'none',
  }
}

/** Smooth images: neighbouring pixels are alike, as in pictures. */
const images = (count: number) => {
  const random = randomNumbers(2)
  return Array.from({ length: count }, () => {
    const [a, b, c, d, e] = randomVector(5, random)
    return Float64Array.from({ length: 64 }, (_, i) => {
      const [y, x] = [Math.floor(i / 8) / 8, (i % 8) / 8]
      return a + b * Math.cos(3 * (x + c)) + d * Math.sin(4 * (y + e)) + a * d * Math.cos(5 * x * y)
    })
  })
}

async function approximateWithWarnings(samples: readonly Float64Array[], degree: 2 | 4 = 2) {
  const events: ProgressEvent[] = []
  const model = await approximate(
    smallNetwork(),
    samples,
    { degree, tuningEpochs: 4 },
    { progress: (event) => events.push(event) },
  )
  return { model, warnings: events.filter((event) => event.kind === 'warning').map(({ message }) => message) }
}

function everyNumber(model: PolynomialModel): number[] {
  return model.layers.flatMap((layer) =>
    layer.kind === 'polynomial'
      ? layer.coefficients.flatMap((row) => [...row])
      : layer.kind !== 'linear'
        ? []
        : [...layer.bias, ...layer.terms.flatMap(({ map }) => [...(map.kind === 'sparse' ? map.values : map.weight)])],
  )
}

describe('approximate', () => {
  it.each([2, 4] as const)('replaces a max-pool and its activation at degree %i', async (degree) => {
    const samples = images(400)
    const { model, warnings } = await approximateWithWarnings(samples.slice(0, 300), degree)
    expect(warnings).toEqual([])
    expect(model.layers.map(({ kind }) => kind)).toEqual(['linear', 'polynomial', 'linear', 'linear', 'polynomial'])
    const held = samples.slice(300)
    const expected = runLayerBatch(smallNetwork(), held)
    const actual = runLayerBatch(model, held)
    expect(agreementOf(actual, expected)).toBeGreaterThan(0.85)
  })

  it.each([
    ['one image', images(1), /only one calibration sample/],
    ['constant images', Array.from({ length: 250 }, (_, i) => new Float64Array(64).fill(i / 100)), /one value only/],
    ['one image many times', Array.from({ length: 250 }, () => images(1)[0]), /.*/],
    ['black images', Array.from({ length: 3 }, () => new Float64Array(64)), /one value only/],
  ])('gives finite coefficients for %s', async (_, samples, warning) => {
    for (const degree of [2, 4] as const) {
      const { model, warnings } = await approximateWithWarnings(samples, degree)
      expect(everyNumber(model).every(Number.isFinite)).toBe(true)
      expect(warnings.join(' ')).toMatch(warning)
      const folded = foldIntoSquares(model, samples)
      const [output] = runLayerBatch(folded, samples.slice(0, 1))
      const [expected] = runLayerBatch(smallNetwork(), samples.slice(0, 1))
      output.forEach((value, i) => expect(Math.abs(value - expected[i])).toBeLessThan(0.2))
    }
  })

  it('warns where the network tells no difference between the samples, as where they are scaled twice', async () => {
    const { warnings } = await approximateWithWarnings(images(200))
    expect(warnings).toEqual([])
    const scaledTwice = images(200).map((image) => image.map((value) => value / 255))
    const twice = await approximateWithWarnings(scaledTwice)
    expect(twice.warnings).toEqual([expect.stringMatching(/largest output is number \d for each of 50 .* scale/)])
  })

  it('asks for more samples only where a fifth held out leaves fewer than asked', async () => {
    expect((await approximateWithWarnings(images(160))).warnings).toEqual([])
    expect((await approximateWithWarnings(images(159))).warnings).toEqual([expect.stringMatching(/159 .* 200 or more/)])
  })

  it.each([
    ['dead', 0],
    ['nearly dead', 1e-8],
  ])('makes no large number of the rounding in a %s channel', async (_, size) => {
    const network = smallNetwork()
    const [first] = network.layers
    if (first.kind !== 'linear' || first.terms[0].map.kind !== 'conv')
      throw new Error('The first layer is a convolution')
    for (let i = 0; i < 9; i++) first.terms[0].map.weight[i] = size * Math.sin(i + 1)
    first.bias[0] = -size / 10
    for (const degree of [2, 4] as const) {
      const model = await approximate(network, images(300), { degree, tuningEpochs: 0 }, silent)
      expect(Math.max(...everyNumber(model).map(Math.abs))).toBeLessThan(100)
    }
  })

  it.each([
    ['no samples', [], 'no-calibration'],
    ['samples of another size', [new Float64Array(63)], 'wrong-shape'],
    ['NaN', [new Float64Array(64).fill(NaN)], 'not-finite'],
    ['infinities', [new Float64Array(64).fill(Infinity)], 'not-finite'],
  ])('refuses %s', async (_, samples, code) => {
    await expect(approximateWithWarnings(samples)).rejects.toMatchObject({ name: 'UserError', code })
  })

  it('deepens the layers that need it until the target is met, within the depth', async () => {
    const found = await chooseDegrees(
      smallNetwork(),
      images(300),
      { target: 1.1, maximumDepth: 5, approximation },
      silent,
    )
    expect(found.reachedTarget).toBe(false)
    expect(found.frontier.map(({ depth }) => depth)).toEqual([4, 5, 6, 6])
    const allowed = found.frontier.filter(({ depth }) => depth <= 5)
    expect(found.chosen.agreement).toBe(Math.max(...allowed.map(({ agreement }) => agreement)))
    expect(depthOf(await found.fit())).toBe(found.chosen.depth)
    const easy = await chooseDegrees(smallNetwork(), images(300), { target: 0.1, approximation }, silent)
    expect(easy).toMatchObject({ reachedTarget: true, chosen: { depth: 4 } })
  })

  it('seeks the first step that meets the target, and tries everything only when asked', async () => {
    const all = await chooseDegrees(smallNetwork(), images(300), { everything: true, approximation }, silent)
    expect(all.frontier.length).toBe(6)
    const agreements = all.frontier.map(({ agreement }) => agreement)
    const target = Math.max(...agreements)
    const found = await chooseDegrees(smallNetwork(), images(300), { target, approximation }, silent)
    expect(found.frontier.length).toBeLessThan(6)
    expect(found.reachedTarget).toBe(true)
    expect(found.chosen.agreement).toBe(target)
  })

  it('keeps within the seconds, where those are known', async () => {
    const estimateSeconds = (polynomial: PolynomialModel) => depthOf(polynomial)
    const limits = { target: 1.1, maximumSeconds: 5, estimateSeconds, approximation }
    const found = await chooseDegrees(smallNetwork(), images(300), limits, silent)
    expect(found.chosen.seconds).toBeLessThanOrEqual(5)
    expect(found.frontier.map(({ depth, seconds }) => seconds === depth)).not.toContain(false)
  })

  it('stops between layers when cancelled', async () => {
    const controller = new AbortController()
    const work = { signal: controller.signal, progress: () => controller.abort() }
    await expect(approximate(smallNetwork(), images(300), { degree: 2 }, work)).rejects.toMatchObject({
      code: 'cancelled',
    })
  })
})
