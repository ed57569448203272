import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Instruction, Plan } from '../../src-main/core/plan/plan.ts'
import { runPlan } from '../../src-main/core/plan/run-plan.ts'
import { kernelSupport, openKernels } from '../../src-main/kernels/open-kernels.ts'
import { rehearse } from '../../src-main/kernels/rehearsal.ts'
import { SCALE } from './open-for-test.ts'
import { Oracle } from './oracle.ts'
import { randomSource } from './random.ts'

const N = 1024
const STEPS = [1, 3]
const [TOP, LOW] = [3, 2]

const instructions: Instruction[] = [
  { op: 'multiply-sum', out: 2, values: [0, 1], weights: [0, 1] },
  { op: 'relinearise', out: 3, in: 2 },
  { op: 'rotate', out: 4, in: 3, steps: 1 },
  { op: 'add', out: 5, in: [3, 4] },
  { op: 'rescale', out: 6, in: 5 },
  { op: 'rotate', out: 7, in: 6, steps: 3 },
  { op: 'square', out: 8, in: 7 },
  { op: 'relinearise', out: 9, in: 8 },
  { op: 'mod-switch', out: 10, in: 9, primes: 1 },
]

describe('a plan run by the kernels', () => {
  let insecure: Oracle
  let plan: Plan
  let inputs: Uint8Array[]
  let weights: Uint8Array[]
  let wanted: Uint8Array

  beforeAll(async () => {
    insecure = await Oracle.open(N, [40, 30, 30, 41], STEPS)
    const { residues } = randomSource(1)
    const fresh = (): Uint8Array => insecure.ciphertext(2, TOP, SCALE, residues())
    inputs = [fresh(), fresh()]
    weights = [fresh(), fresh()]
    plan = {
      parameters: insecure.parameters,
      input: {
        ...{ mode: 'encrypted', shape: [1, 1, 1], scale: SCALE, primes: TOP },
        sources: inputs.map(() => new Int32Array()),
      },
      weights: weights.map(() => ({ layer: 0, role: 'weight', scale: SCALE, primes: TOP })),
      ...{ instructions, layers: [] },
      output: { registers: [10], shape: [1, 1, 1], positions: new Int32Array() },
      batch: 1,
    }
    const sum = insecure.relinearise(insecure.multiplySum(inputs, weights))
    const low = insecure.rescale(insecure.add(sum, insecure.rotate(sum, 1)))
    wanted = insecure.dropPrime(insecure.relinearise(insecure.square(insecure.rotate(low, 3))))
  })
  afterAll(() => insecure.close())

  it.each([1, 2, 3])('gives the words that SEAL gives, on %i threads, run after run', async (threads) => {
    const kernels = await openKernels(plan, { threads })
    weights.forEach((weight, index) => kernels.store.loadWeight(index, weight))
    kernels.store.loadRelinearisationKey(insecure.relinearisationKey)
    kernels.store.loadGaloisKeys(insecure.galoisKeys)
    for (let run = 0; run < 20; run++) {
      const values = inputs.map((bytes) => kernels.loadInput(bytes))
      const [output] = runPlan(plan, kernels.evaluator, values)
      expect(Buffer.compare(kernels.store.save(output), wanted)).toBe(0)
      ;[...values, output].forEach((value) => kernels.evaluator.release(value))
    }
    await kernels.close()
  })

  it('needs what its rehearsal says: keys only for the levels of use', () => {
    const needs = rehearse(plan)
    expect(needs.relinearisePrimes).toBe(TOP)
    expect([...needs.rotationPrimes]).toEqual([
      [1, TOP],
      [3, LOW],
    ])
    const polynomial = 8 * N
    expect(needs.valueBytes).toBeGreaterThanOrEqual((2 * 2 + 3) * TOP * polynomial)
    expect(needs.valueBytes).toBeLessThanOrEqual(16 * TOP * polynomial)
  })

  it('is left to node-seal, by name, where the kernels cannot run it', async () => {
    expect(kernelSupport(plan)).toMatchObject({ kind: 'relaxed-simd-f64' })
    const beyond = {
      ...plan,
      parameters: { ...plan.parameters, primes: [...plan.parameters.primes, '1152921504606830593'] },
    }
    expect(kernelSupport(beyond)).toEqual({ kind: 'node-seal', reason: 'a prime of more than 50 bits' })
    await expect(openKernels(beyond)).rejects.toThrow('The evaluation kernels cannot be used')
    const tiny = { ...plan, parameters: { ...plan.parameters, polyModulusDegree: 128 } }
    expect(kernelSupport(tiny)).toMatchObject({ kind: 'node-seal' })
    const vast = { ...plan, weights: Array.from({ length: 200_000 }, () => plan.weights[0]) }
    expect(kernelSupport(vast)).toEqual({ kind: 'node-seal', reason: 'the plan needs more than 4 GiB of memory' })
  })

  it('fails instead of hanging when a thread traps, then and ever after', async () => {
    const { evaluator, loadInput, close } = await openKernels(plan, { threads: 2 })
    const value = loadInput(inputs[0])
    const outside = { ...value, address: 2 ** 32 - 64 }
    expect(() => evaluator.add(outside, outside)).toThrow()
    expect(() => evaluator.add(value, value)).toThrow('a thread failed')
    await close()
  })

  it('names what the bundle lacks', async () => {
    const kernels = await openKernels(plan)
    const values = inputs.map((bytes) => kernels.loadInput(bytes))
    expect(() => runPlan(plan, kernels.evaluator, values)).toThrow('The bundle lacks weight 0')
    weights.forEach((weight, index) => kernels.store.loadWeight(index, weight))
    expect(() => runPlan(plan, kernels.evaluator, values)).toThrow('The bundle lacks the relinearisation key')
    kernels.store.loadRelinearisationKey(insecure.relinearisationKey)
    expect(() => runPlan(plan, kernels.evaluator, values)).toThrow('The bundle lacks the Galois key of 1 steps')
    await kernels.close()
  })
})
