import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { RefreshedModel } from '../../src-main/core/network/square-model.ts'
import { normalise } from '../../src-main/core/normalise/normalise.ts'
import { runLayers } from '../../src-main/core/network/run-layers.ts'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { planNetwork } from '../../src-main/core/planner/plan-network.ts'
import { refreshedSkeletonOf } from '../../src-main/core/planner/skeleton.ts'
import { exactLayersOf } from '../../src-main/core/segment/choose-exact.ts'
import { parseSplit } from '../../src-main/core/segment/cut.ts'
import { cutNetwork, cutPoints, narrowCutPoints } from '../../src-main/core/segment/cut-network.ts'
import { applyOwnerStep } from '../../src-main/core/segment/owner-step.ts'
import { runSegmentsInTheClear } from '../../src-main/core/segment/run-in-the-clear.ts'
import { depthOf, segmentByDepth, segmentByRefreshes } from '../../src-main/core/segment/propose-cuts.ts'
import { forward, lenet5, randomInput } from '../planner/networks.ts'
import { residual } from './residual.ts'

const relu = { operator: 'Relu', parameters: {} }

describe('segments', () => {
  it('carry residual shortcuts along', () => {
    expect(cutPoints(residual())).toEqual(['c1', 's1', 'c2', 's2', 'sum', 's3'])
    expect(narrowCutPoints(residual())).toEqual(['c1', 's1', 'sum', 's3'])
    const { segments, cuts } = cutNetwork(residual(), ['c2', 's2'])
    expect(segments.map(({ output, carried }) => [output, carried?.outputs])).toEqual([
      ['c2', ['s1']],
      ['s2', ['s1']],
      ['d', []],
    ])
    expect(cuts.map(({ step }) => step.inputs)).toEqual([
      ['c2', 's1'],
      ['s2', 's1'],
    ])
  })

  it('end where the network has a layer', () => {
    for (const wrong of ['c9', 'd']) {
      expect(() => cutNetwork(residual(), [wrong])).toThrow(expect.objectContaining({ code: 'not-a-cut-point' }))
    }
  })

  it.each([1, 2])('cut anywhere, planned for %d image(s), compute the network', (batch) => {
    const model = residual()
    const { segments, cuts } = cutNetwork(model, ['c1', 'c2', 's2', 'sum'])
    const images = Array.from({ length: batch }, () => randomInput(model))
    let values: Float64Array = Float64Array.from(images.flatMap((image) => [...image]))
    segments.forEach((segment, i) => {
      values = runSegmentsInTheClear({ segments: [planNetwork(segment, { batch })], cuts: [] }, values)
      if (i < cuts.length) values = applyOwnerStep(cuts[i].step, values, batch)
    })
    const expected = images.flatMap((image) => [...forward(model, image).get(model.output)!])
    expected.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 6))
  })

  it('leave exact layers to the owner', () => {
    const squares = residual()
    const exact = new Set(['s1', 's2'])
    const layers = squares.layers.map((layer): RefreshedModel['layers'][number] =>
      exact.has(layer.id) && layer.kind === 'square' ? { ...layer, kind: 'activation', activation: relu } : layer,
    )
    const model: RefreshedModel = { ...squares, layers }
    const { segments, cuts } = cutNetwork(model, [])
    expect(cuts.map(({ kind, after }) => [kind, after])).toEqual([
      ['exact', 's1'],
      ['exact', 's2'],
    ])
    const input = randomInput(squares)
    let values: Float64Array = Float64Array.from(input)
    segments.forEach((segment, i) => {
      values = runSegmentsInTheClear({ segments: [planNetwork(segment)], cuts: [] }, values)
      if (i < cuts.length) values = applyOwnerStep(cuts[i].step, values, 1)
    })
    runLayers(model, input).forEach((value, i) => expect(values[i]).toBeCloseTo(value, 6))
  })

  it.each([lenet5(), residual()])('one after the other compute the network', (model) => {
    const { segments } = cutNetwork(model, narrowCutPoints(model))
    const input = randomInput(model)
    const whole = forward(model, input).get(model.output)!
    const parts = segments.reduce((value, segment) => forward(segment, value).get(segment.output)!, input)
    expect([...parts]).toEqual([...whole])
  })

  it('are as few as the depth allows', () => {
    expect(depthOf(lenet5())).toBe(9)
    expect(segmentByDepth(lenet5(), 9).cuts).toEqual([])
    const { segments } = segmentByDepth(lenet5(), 5)
    expect(segments.map(depthOf)).toEqual([5, 4])
    expect(segmentByRefreshes(lenet5(), 2).segments.map(depthOf)).toEqual([3, 3, 3])
    expect(() => segmentByDepth(lenet5(), 0)).toThrow(expect.objectContaining({ code: 'too-deep' }))
  })
})

describe('exact cuts', () => {
  const pooled = normalise(
    readOnnx(new Uint8Array(readFileSync(`${import.meta.dirname}/../models/trained/mnist_lenet5_relu_maxpool.onnx`))),
  )
  const layers = pooled.layers.map(({ id }) => id)
  const [conv, relu, pool] = layers

  it('take an activation together with the maximum pool behind it, whichever is named', () => {
    for (const name of [conv, relu, pool]) {
      const exact = exactLayersOf(pooled, parseSplit(`${name}:exact`), 2)
      expect([...exact].sort()).toEqual([relu, pool].sort())
      const { cuts, segments } = cutNetwork(refreshedSkeletonOf(pooled, { exact }), [])
      expect(cuts.map(({ after, step }) => [after, step.layers.map(({ id }) => id)])).toEqual([[pool, [relu, pool]]])
      expect(segments.map(depthOf)).toEqual([1, expect.any(Number)])
    }
  })

  it('by rule are as few as the depth allows, and none at the end', () => {
    const exact = exactLayersOf(pooled, parseSplit('refreshes=63:exact'), 4)
    const { segments } = cutNetwork(refreshedSkeletonOf(pooled, { degree: 4, exact }), [])
    expect(segments.map(depthOf)).toEqual(segments.map(() => 1))
    expect(() => exactLayersOf(pooled, parseSplit(`${layers.at(-1)}:exact`), 2)).toThrow(
      expect.objectContaining({ code: 'not-a-cut-point' }),
    )
  })
})
