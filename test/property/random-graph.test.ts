import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { differenceFromRuntime, importModel } from '../models/compare.ts'
import { writeModel } from '../onnx/write-model.ts'
import { buildModel } from './build-model.ts'
import { chooseSeed } from '../support/seed.ts'

const graphs = 1000
describe('random graphs', () => {
  it(`${graphs} of them, normalised and evaluated, equal ONNX Runtime`, { timeout: 120_000 }, async () => {
    const numbers = fc.array(fc.nat(5039), { minLength: 8, maxLength: 80 })
    const seed = chooseSeed('random graphs')
    await fc.assert(
      fc.asyncProperty(numbers, fc.nat(1 << 30), fc.integer({ min: 1, max: 9 }), async (list, weightSeed, length) => {
        const bytes = writeModel(buildModel(list, weightSeed, length))
        // Of every other graph the owner does what it can after decryption.
        const model = importModel(bytes, { wholeNetwork: weightSeed % 2 === 0 })
        const difference = await differenceFromRuntime(model, bytes, 1, true)
        expect(difference).toBeLessThan(1e-4)
      }),
      { numRuns: graphs, seed },
    )
  })
})
