import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { approximate } from '../../src-main/core/approximate/approximate.ts'
import type { Degree } from '../../src-main/core/network/polynomial-model.ts'
import type { RefreshedModel } from '../../src-main/core/network/square-model.ts'
import { foldBetweenRefreshes } from '../../src-main/core/approximate/fold-into-squares.ts'
import type { LayerModel } from '../../src-main/core/network/layer-model.ts'
import { normalise } from '../../src-main/core/normalise/normalise.ts'
import { inputsOf } from '../../src-main/core/network/run-layers.ts'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { refreshedSkeletonOf } from '../../src-main/core/planner/skeleton.ts'
import { silent } from '../../src-main/core/progress.ts'

describe('the skeleton of a network', () => {
  let model: LayerModel
  const samples = Array.from({ length: 8 }, (_, sample) =>
    Float64Array.from({ length: 784 }, (_, i) => Math.sin(0.37 * i * (sample + 1))),
  )

  beforeAll(() => {
    model = normalise(readOnnx(new Uint8Array(readFileSync(new URL('../../assets/lenet5.onnx', import.meta.url)))))
  })

  const wiringOf = ({ layers, output }: RefreshedModel) => ({
    layers: layers.map((layer) => [layer.kind, layer.id, layer.shape, inputsOf(layer)]),
    output,
  })

  it.each<{ degree: Degree; exact: readonly string[] }>([
    { degree: 2, exact: [] },
    { degree: 4, exact: [] },
    { degree: 8, exact: [] },
    { degree: 4, exact: ['relu_5'] },
    { degree: 8, exact: ['relu_5'] },
  ])('is wired as fitted polynomials are: degree $degree, $exact exact', async ({ degree, exact }) => {
    const degrees = new Map(exact.map((id) => [id, 'exact'] as const))
    const fitted = await approximate(model, samples, { degree, degrees, refit: false, distort: false }, silent)
    const folded = wiringOf(foldBetweenRefreshes(fitted, samples))
    expect(wiringOf(refreshedSkeletonOf(model, { degree, exact: new Set(exact) }))).toEqual(folded)
  })

  it.each<{ degree: Degree; splitPools: boolean }>([
    { degree: 2, splitPools: false },
    { degree: 4, splitPools: false },
    { degree: 2, splitPools: true },
  ])('has the contrasts of max-pools too: degree $degree, apart $splitPools', async ({ degree, splitPools }) => {
    const file = new URL('../models/trained/mnist_lenet5_relu_maxpool.onnx', import.meta.url)
    const pooled = normalise(readOnnx(new Uint8Array(readFileSync(file))))
    const fitted = await approximate(pooled, samples, { degree, splitPools, refit: false, distort: false }, silent)
    const folded = wiringOf(foldBetweenRefreshes(fitted, samples))
    expect(wiringOf(refreshedSkeletonOf(pooled, { degree, splitPools }))).toEqual(folded)
  })
})
