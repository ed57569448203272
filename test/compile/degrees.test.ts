import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { approximate } from '../../src-main/core/approximate/approximate.ts'
import { chebyshevInterpolant } from '../../src-main/core/numeric/chebyshev.ts'
import { deepFit, defaultFit, fitMoments, pointMoments } from '../../src-main/core/approximate/fit-channel.ts'
import type { Degree } from '../../src-main/core/network/polynomial-model.ts'
import { foldIntoSquares } from '../../src-main/core/approximate/fold-into-squares.ts'
import { evaluatePolynomial } from '../../src-main/core/numeric/monomials.ts'
import { squareForm } from '../../src-main/core/approximate/square-form.ts'
import { writeOnnx } from '../../src-main/core/onnx/write-onnx.ts'
import { largestOf } from '../../src-main/core/approximate/points.ts'
import { normalise } from '../../src-main/core/normalise/normalise.ts'
import { runLayerBatch } from '../../src-main/core/network/run-layers.ts'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { silent } from '../../src-main/core/progress.ts'
import { depthOf } from '../../src-main/core/network/depth.ts'
import { mnistSamples } from '../support/mnist-samples.ts'
import { expectSameInOnnxRuntime } from '../support/same-in-onnx-runtime.ts'

const trained = (name: string) =>
  normalise(readOnnx(new Uint8Array(readFileSync(new URL(`../models/trained/${name}.onnx`, import.meta.url)))))

const silu = (x: number) => x / (1 + Math.exp(-x))
const relu = (x: number) => Math.max(0, x)

/** Inputs as a bell curve of the given deviation would give them, up to the range's ends. */
function bell(deviation: number, half: number, f: (x: number) => number) {
  const x = Float64Array.from({ length: 401 }, (_, i) => half * (i / 200 - 1))
  const raw = x.map((value) => Math.exp(-0.5 * (value / deviation) ** 2))
  const total = raw.reduce((sum, value) => sum + value, 0)
  return { x, y: x.map(f), weight: raw.map((value) => value / total), low: -half, high: half }
}

function fit(points: ReturnType<typeof bell>, f: (x: number) => number, degree: Degree, common = defaultFit) {
  const options = { ...common, degree }
  const [middle, half] = [(points.low + points.high) / 2, (points.high - points.low) / 2]
  return fitMoments(pointMoments(points, f, options), middle, half, options)
}

const rootMeanSquare = ({ x, y, weight }: ReturnType<typeof bell>, row: Float64Array) =>
  Math.sqrt(x.reduce((sum, value, i) => sum + weight[i] * (evaluatePolynomial(row, value) - y[i]) ** 2, 0))

describe('the degree of a fit', () => {
  it.each([
    ['SiLU', silu],
    ['ReLU', relu],
  ])('makes it closer: %s at 2, 4 and 8', (_, f) => {
    const points = bell(2, 8, f)
    const [second, fourth, eighth] = ([2, 4, 8] as const).map((degree) =>
      rootMeanSquare(points, fit(points, f, degree)),
    )
    expect(fourth).toBeLessThan(0.8 * second)
    expect(eighth).toBeLessThan(0.8 * fourth)
  })

  it('is 8 only where three squarings compute it', () => {
    const points = bell(2, 8, relu)
    const row = fit(points, relu, 8)
    const { shift, inner, outer, eighth, second, first, constant } = squareForm(row, 'layer')
    for (const x of [-7, -1.5, 0.2, 3, 8]) {
      const y = x + shift
      const value = eighth * ((y * y + inner) ** 2 + outer) ** 2 + second * y * y + first * y + constant
      expect(value).toBeCloseTo(evaluatePolynomial(row, x), 8)
    }
    const odd = Float64Array.of(0, 1, 0, 0.3, 0, 0, 0, 0, 0.01)
    expect(() => squareForm(odd, 'layer')).toThrow(expect.objectContaining({ code: 'unsupported-degree' }))
  })

  it.each([2, 4, 8] as const)('stays bounded further out in deep networks: %i', (degree) => {
    const points = bell(1, 4, relu)
    const [near, deep] = [defaultFit, deepFit].map((common) => fit(points, relu, degree, common))
    const beyond = (row: Float64Array) =>
      Math.max(...[-7.5, 7.5].map((x) => Math.abs(evaluatePolynomial(row, x) - relu(x))))
    expect(beyond(deep)).toBeLessThan(Math.max(2, 0.6 * beyond(near)))
    expect(rootMeanSquare(points, deep)).toBeLessThan(3 * rootMeanSquare(points, near))
  })

  it('bounds a range that is wide for its usual inputs, by Chebyshev nodes', () => {
    const points = bell(0.5, 30, relu)
    const largest = (row: Float64Array) =>
      points.x.reduce((most, x) => Math.max(most, Math.abs(evaluatePolynomial(row, x) - relu(x))), 0)
    const fitted = fit(points, relu, 4)
    const chebyshev = chebyshevInterpolant(relu, 0, 30, 4)
    expect(largest(fitted)).toBeLessThan(3 * largest(chebyshev))
    expect(rootMeanSquare(points, fitted)).toBeLessThan(rootMeanSquare(points, chebyshev))
  })
})

describe('a trained network', () => {
  it('is computed by squarings at degree 8, and by ONNX Runtime to 1e-4', async () => {
    const model = trained('mnist_cryptonets_relu')
    const samples = mnistSamples(0, 100)
    const octic = await approximate(model, samples, { degree: 8 }, silent)
    const expected = runLayerBatch(octic, samples)
    const scale = largestOf(expected)
    const folded = runLayerBatch(foldIntoSquares(octic, samples), samples)
    expected.forEach((row, i) =>
      row.forEach((value, j) => expect(Math.abs(folded[i][j] - value)).toBeLessThan(1e-7 * scale)),
    )
    await expectSameInOnnxRuntime(writeOnnx(octic), samples, expected)
  })

  it('takes max-pools apart, a squaring deeper each and closer', async () => {
    const model = trained('mnist_lenet5_relu_maxpool')
    const samples = mnistSamples(0, 120)
    const [whole, apart] = await Promise.all(
      [false, true].map((splitPools) => approximate(model, samples, { degree: 2, splitPools, distort: false }, silent)),
    )
    expect(depthOf(apart)).toBe(depthOf(whole) + 4)
    const test = mnistSamples(1000, 200)
    const expected = runLayerBatch(model, test)
    const errorOf = (outputs: Float64Array[]) =>
      outputs.reduce((sum, row, s) => sum + row.reduce((all, value, j) => all + (value - expected[s][j]) ** 2, 0), 0)
    expect(errorOf(runLayerBatch(apart, test))).toBeLessThan(errorOf(runLayerBatch(whole, test)))
  })
})
