import { describe, expect, it } from 'vitest'
import type { SquareModel } from '../../src-main/core/network/square-model.ts'
import { INPUT, type ConvMap } from '../../src-main/core/network/layer-model.ts'
import { estimatePlan } from '../../src-main/core/plan/estimate.ts'
import { ClearEvaluator } from '../../src-main/core/plan/clear-evaluator.ts'
import { kernelCosts } from '../../src-main/core/plan/cost-model.ts'
import { slotsOf } from '../../src-main/core/plan/plan.ts'
import { runPlan } from '../../src-main/core/plan/run-plan.ts'
import { MAX_LOG_QP } from '../../src-main/core/plan/security.ts'
import { planNetwork } from '../../src-main/core/planner/plan-network.ts'
import { forward, lenet5, networkBuilder, randomInput } from './networks.ts'

/** Largest difference between a plan run in the clear and the plain forward pass, over all layers. */
function worstError(model: SquareModel, input: 'encrypted' | 'plain' = 'encrypted'): number {
  const { plan, weightVectors } = planNetwork(model, { input })
  const sample = randomInput(model)
  const expected = forward(model, sample)
  const slots = slotsOf(plan.parameters)
  const inputs = plan.input.sources.map((source) => Float64Array.from(source, (at) => (at < 0 ? 0 : sample[at])))
  let worst = 0
  let layersSeen = 0
  runPlan(plan, new ClearEvaluator(plan, weightVectors), inputs, {
    layerDone(layer, result) {
      layersSeen += 1
      const { id, packing } = plan.layers[layer]
      packing.positions.forEach((position, e) => {
        const value = result[Math.floor(position / slots)][position % slots]
        worst = Math.max(worst, Math.abs(value - expected.get(id)![e]))
      })
    },
  })
  expect(layersSeen).toBe(plan.layers.length)
  return worst
}

function small(): SquareModel {
  const b = networkBuilder([1, 28, 28])
  b.square('s1', b.conv('c1', INPUT, 5, 5, 2, 1))
  b.pool('p1', 's1', 3, 1)
  b.square('s2', b.dense('d1', 'p1', 100))
  return b.model(b.dense('d2', 's2', 10))
}

describe('a plan computes the network', () => {
  it.each(['encrypted', 'plain'] as const)('LeNet-5 with %s input', (input) => {
    expect(worstError(lenet5(), input)).toBeLessThan(1e-12)
  })

  it('strides, overlapping pools and one dense map', () => {
    expect(worstError(small())).toBeLessThan(1e-12)
  })

  it('padded, grouped and strided convolutions with residual sums', () => {
    const b = networkBuilder([3, 16, 16])
    b.square('s1', b.conv('c1', INPUT, 8, 3, 1, 1))
    b.square('s2', b.conv('c2', 's1', 8, 3, 1, 1, 8))
    const branch = b.convMap('s2', 16, [3, 3], 2, 1)
    const shortcut: ConvMap = b.convMap('s1', 16, [1, 1], 2)
    b.sum(
      'sum',
      [
        { input: 's2', map: branch },
        { input: 's1', map: { ...shortcut, strides: [2, 2] } },
      ],
      [16, 8, 8],
    )
    b.square('s3', 'sum')
    b.pool('gap', 's3', 8, 8)
    expect(worstError(b.model(b.dense('d', 'gap', 10)))).toBeLessThan(1e-12)
  })

  it.each([
    [1, 1],
    [2, 1],
    [2, 2],
    [3, 2],
    [4, 3],
  ])('a convolution of size %d padded by %d, whose output is wider than its input', (kernel, pad) => {
    for (const [width, stride] of [
      [8, 1],
      [9, 1],
      [9, 2],
    ]) {
      const b = networkBuilder([1, 8, width])
      b.square('s1', b.conv('c1', INPUT, 2, 1))
      b.square('s2', b.conv('c2', 's1', 2, kernel, stride, pad))
      expect(worstError(b.model(b.dense('d', 's2', 3)))).toBeLessThan(1e-12)
    }
  })

  it('a convolution of which only padding reaches some rows', () => {
    const b = networkBuilder([1, 1, 20])
    b.square('s1', b.conv('c1', INPUT, 2, 1))
    const map: ConvMap = { ...b.convMap('s1', 2, [1, 1]), strides: [2, 1], pads: [1, 0, 0, 0] }
    b.square('s2', b.sum('c2', [{ input: 's1', map }], [2, 1, 20]))
    expect(worstError(b.model(b.dense('d', 's2', 3)))).toBeLessThan(1e-12)
  })

  it.each(['dense first', 'shortcut first'])('a dense layer of a vector and a shortcut, %s', (order) => {
    const b = networkBuilder([160, 1, 1])
    b.square('s1', b.dense('d1', INPUT, 16))
    const shortcut = { input: INPUT, map: b.convMap(INPUT, 160, [1, 1], 1, 0, 160) }
    const weight = Float64Array.from({ length: 160 * 16 }, (_, k) => Math.sin(k) / 4)
    const terms = [{ input: 's1', map: { kind: 'dense' as const, weight } }, shortcut]
    b.square('s2', b.sum('sum', order === 'dense first' ? terms : terms.reverse(), [160, 1, 1]))
    expect(worstError(b.model(b.dense('mean', 's2', 1)))).toBeLessThan(1e-12)
  })

  it('one-dimensional signals', () => {
    const b = networkBuilder([1, 1, 96])
    b.sum('c1', [{ input: INPUT, map: b.convMap(INPUT, 8, [1, 7], 1, 3) }], [8, 1, 96])
    b.square('s1', 'c1')
    b.sum('c2', [{ input: 's1', map: b.convMap('s1', 16, [1, 5], 2, 2) }], [16, 1, 48])
    b.square('s2', 'c2')
    expect(worstError(b.model(b.dense('d', 's2', 2)))).toBeLessThan(1e-12)
  })

  it('four images at once', () => {
    const { plan, weightVectors } = planNetwork(small(), { batch: 4 })
    const samples = [1, 2, 3, 4].map((seed) => randomInput(small(), seed))
    const batch = Float64Array.from(samples.flatMap((sample) => [...sample]))
    const inputs = plan.input.sources.map((source) => Float64Array.from(source, (at) => (at < 0 ? 0 : batch[at])))
    const [result] = runPlan(plan, new ClearEvaluator(plan, weightVectors), inputs)
    samples.forEach((sample, image) => {
      const expected = forward(small(), sample).get('d2')!
      expected.forEach((value, e) => expect(result[plan.output.positions[image * 10 + e]]).toBeCloseTo(value, 10))
    })
  })

  it('tensors of more than one ciphertext', () => {
    const b = networkBuilder([3, 32, 32])
    b.square('s1', b.conv('c1', INPUT, 16, 3, 1, 1))
    b.square('s2', b.conv('c2', 's1', 16, 3, 1, 1))
    b.pool('gap', 's2', 32, 32)
    expect(worstError(b.model(b.dense('d', 'gap', 10)))).toBeLessThan(1e-12)
  })

  it('a shallow network of large images, whose packing needs a larger ring than its levels do', () => {
    const b = networkBuilder([1, 96, 96])
    const model = b.model(b.conv('c', INPUT, 2, 3, 2, 1))
    expect(planNetwork(model, { searchWidth: 2 }).plan.parameters.polyModulusDegree).toBe(8192)
    expect(worstError(model)).toBeLessThan(1e-12)
  })
})

describe('what the search minimises', () => {
  it('is time, and bytes at their price', () => {
    const [cheap, dear] = [0, 50].map((msPerMegabyte) =>
      estimatePlan(planNetwork(small(), { msPerMegabyte }).plan, kernelCosts),
    )
    expect(dear.bundleBytes).toBeLessThan(0.9 * cheap.bundleBytes)
    expect(cheap.seconds).toBeLessThan(dear.seconds)
  })

  it('a clear input makes a sixth less of it', () => {
    const [clear, encrypted] = (['plain', 'encrypted'] as const).map((input) =>
      estimatePlan(planNetwork(small(), { input }).plan, kernelCosts),
    )
    expect(clear.relinearisations).toBeLessThan(encrypted.relinearisations)
    expect(clear.seconds).toBeLessThan((5 / 6) * encrypted.seconds)
  })
})

describe('parameters', () => {
  it('stay within the 128-bit bound', () => {
    const { parameters } = planNetwork(small()).plan
    const logQP = parameters.primes.reduce((sum, prime) => sum + Math.log2(Number(prime)), 0)
    expect(logQP).toBeLessThanOrEqual(MAX_LOG_QP.get(parameters.polyModulusDegree)!)
    expect(parameters.polyModulusDegree).toBe(8192)
  })

  it('leave room for a bias that is larger than the result', () => {
    const b = networkBuilder([1, 4, 4])
    const model = b.model(b.dense('d', b.square('s', b.conv('c', INPUT, 1, 3, 1, 1)), 2))
    const last = model.layers.at(-1)!
    if (last.kind === 'linear') last.bias.fill(1000)
    const { plan } = planNetwork({ ...model, bounds: new Map([['d', 1]]) })
    const weights = plan.weights.filter(({ role, primes }) => role === 'bias' && primes === 1)
    expect(weights.length).toBeGreaterThan(0)
    for (const { scale } of weights) {
      expect(Math.log2(1000 * scale)).toBeLessThan(Math.log2(Number(plan.parameters.primes[0])) - 1)
    }
  })

  it('a plan is deterministic', () => {
    expect(JSON.stringify(planNetwork(small()).plan)).toBe(JSON.stringify(planNetwork(small()).plan))
  })

  it('a network whose results no chain has room for is refused, and its layer named', () => {
    expect(() => planNetwork({ ...small(), bounds: new Map([['d2', 2 ** 60]]) })).toThrow(
      expect.objectContaining({ code: 'values-too-large', where: { layer: 'd2' } }),
    )
  })

  it('a clear input that is added to encrypted values is refused with the layer, an encrypted one is added', () => {
    const b = networkBuilder([1, 4, 4])
    const squared = b.square('s', b.conv('c', INPUT, 1, 3, 1, 1))
    const inputs = [INPUT, squared]
    const terms = inputs.map((input) => ({ input, map: b.convMap(input, 1, [1, 1]) }))
    const model = b.model(b.sum('denoised', terms, [1, 4, 4]))
    expect(() => planNetwork(model, { input: 'plain' })).toThrow(
      expect.objectContaining({ code: 'clear-input-added', where: { layer: 'denoised' } }),
    )
    expect(worstError(model)).toBeLessThan(1e-12)
  })

  it('a network too deep for any chain is refused by name', () => {
    const b = networkBuilder([1, 4, 4])
    let at = b.conv('c0', INPUT, 1, 3, 1, 1)
    for (let i = 0; i < 20; i++) at = b.conv(`c${i + 1}`, b.square(`s${i}`, at), 1, 3, 1, 1)
    expect(() => planNetwork(b.model(at))).toThrow(expect.objectContaining({ code: 'too-deep' }))
  })
})
