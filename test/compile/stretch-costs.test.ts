import { expect, it } from 'vitest'
import { StretchCosts } from '../../src-main/core/compile/stretch-costs.ts'
import { INPUT, type ActivationLayer, type LayerModel } from '../../src-main/core/network/layer-model.ts'
import { encryptedByOwner, kernelCosts } from '../../src-main/core/plan/cost-model.ts'
import { estimatePlan } from '../../src-main/core/plan/estimate.ts'
import { planNetwork } from '../../src-main/core/planner/plan-network.ts'
import { shareWeights } from '../../src-main/core/planner/share-weights.ts'
import { refreshedSkeletonOf } from '../../src-main/core/planner/skeleton.ts'
import { cutNetwork } from '../../src-main/core/segment/cut-network.ts'
import { networkBuilder } from '../planner/networks.ts'

/** Blocks of convolutions of these sizes, which keep the shape, with an activation behind each. */
function blocks(sizes: readonly number[]): LayerModel {
  const b = networkBuilder([4, 8, 8])
  const relu = (id: string, input: string): ActivationLayer => ({
    ...{ kind: 'activation', id, sources: [id], shape: [4, 8, 8], input },
    activation: { operator: 'Relu', parameters: {} },
  })
  sizes.reduce((from, size, i) => b.square(`relu_${i}`, b.conv(`conv_${i}`, from, 4, size, 1, (size - 1) / 2)), INPUT)
  const { layers, ...model } = b.model(b.dense('dense', `relu_${sizes.length - 1}`, 10))
  const activated = layers.map((layer) => (layer.kind === 'square' ? relu(layer.id, layer.input) : layer))
  return { ...model, layers: activated }
}

it('costs what its stretches cost, those of the same structure alike and all others not', async () => {
  const model = blocks([3, 3, 3, 1, 5])
  const exact = new Set(model.layers.flatMap(({ id, kind }) => (kind === 'activation' ? [id] : [])))
  const estimates = cutNetwork(refreshedSkeletonOf(model, { exact }), []).segments.map((segment, i) => {
    const owners = i === 0 ? {} : { costs: encryptedByOwner(kernelCosts) }
    const options = { input: 'encrypted', isSimulated: true, postponedBits: 0, searchWidth: 4, ...owners } as const
    return estimatePlan(shareWeights(planNetwork(segment, options)).plan, kernelCosts)
  })
  expect(new Set(estimates.map(({ bundleBytes }) => bundleBytes)).size).toBeGreaterThan(3)
  const costs = await new StretchCosts(model, 'encrypted').of({ exact })
  expect(costs).toEqual({
    bundleBytes: estimates.reduce((sum, { bundleBytes }) => sum + bundleBytes, 0),
    edgeSeconds: expect.closeTo(
      estimates.reduce((sum, { secondsOnTwoThreads }) => sum + secondsOnTwoThreads, 0),
      9,
    ),
    edgeMemoryBytes: Math.max(...estimates.map(({ edgeMemoryBytes }) => edgeMemoryBytes)),
  })
})
