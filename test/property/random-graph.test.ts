import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { present } from '../../src-main/core/must.ts'
import { sizeOf, type LayerModel } from '../../src-main/core/network/layer-model.ts'
import { runLayers } from '../../src-main/core/network/run-layers.ts'
import { openReference } from '../../src-main/ort/reference.ts'
import { largestInside } from '../approximate/random-polynomial-model.ts'
import { differenceFromRuntime, importModel, noise, randomSample, relativeDifference } from '../models/compare.ts'
import { writeModel } from '../onnx/write-model.ts'
import { buildModel } from './build-model.ts'
import { chooseSeed } from '../support/seed.ts'

const graphs = 1000

/** Undefined where only padding reaches the output. */
function imported(bytes: Uint8Array, wholeNetwork: boolean): LayerModel | undefined {
  try {
    return importModel(bytes, { wholeNetwork })
  } catch (error) {
    if ((error as { code?: unknown }).code === 'constant-output') return undefined
    throw error
  }
}

/** What ONNX Runtime gives for a random sample. */
async function outputsOf(bytes: Uint8Array, size: number, seed: number): Promise<Float64Array> {
  const reference = await openReference(bytes, { literal: true })
  try {
    return await reference.run(randomSample(size, seed))
  } finally {
    await reference.close()
  }
}

/**
 * By how much more than usual single precision may differ: sums that cancel to nothing, as those of differences from their mean,
 * leave the rounding of their terms alone.
 */
function roundingOf(network: LayerModel): number {
  const sample = randomSample(sizeOf(network.input.shape), 1)
  const inside = largestInside(network, [sample])
  const isNothing = runLayers(network, sample).every((value) => Math.abs(value) < 1e-9 * inside)
  return isNothing ? Math.max(1, inside / noise) : 1
}

describe('random graphs', () => {
  it(`${graphs} of them, normalised and evaluated, equal ONNX Runtime`, { timeout: 300_000 }, async () => {
    const numbers = fc.array(fc.nat(5039), { minLength: 8, maxLength: 80 })
    const seed = chooseSeed('random graphs')
    await fc.assert(
      fc.asyncProperty(numbers, fc.nat(1 << 30), fc.integer({ min: 1, max: 9 }), async (list, weightSeed, length) => {
        const graph = buildModel(list, weightSeed, length)
        const bytes = writeModel(graph)
        // Of every other graph the owner does what it can after decryption.
        const model = imported(bytes, weightSeed % 2 === 0)
        if (!model) {
          const size = graph.inputs[0].shape.reduce<number>((product, length) => product * Number(length), 1)
          const [one, other] = [await outputsOf(bytes, size, 1), await outputsOf(bytes, size, 2)]
          expect(relativeDifference(one, other)).toBeLessThan(1e-5)
          return
        }
        const difference = await differenceFromRuntime(model, bytes, 1, true)
        // Powers of powers, or what follows a window of padding alone, may overflow single precision, in layers or at the owner's.
        if (!Number.isFinite(difference)) {
          const whole = present(imported(bytes, true))
          fc.pre(largestInside(whole, [randomSample(sizeOf(whole.input.shape), 1)]) < 1e38)
        }
        expect(difference).toBeLessThan(1e-4 * (difference < 1e-4 ? 1 : roundingOf(present(imported(bytes, true)))))
      }),
      { numRuns: graphs, seed },
    )
  })
})
