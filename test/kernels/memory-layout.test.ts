import { afterEach, describe, expect, it, vi } from 'vitest'
import { weightsOf } from '../../src-main/core/plan/instruction-table.ts'
import type { Instruction, Plan } from '../../src-main/core/plan/plan.ts'
import { layOut } from '../../src-main/kernels/memory-layout.ts'
import { kernelSupport, openKernels } from '../../src-main/kernels/open-kernels.ts'
import { rehearse } from '../../src-main/kernels/rehearsal.ts'
import { tinyExpanded } from '../bundle/tiny-plan.ts'
import { packedPartBytes } from '../../src-main/kernels/prime-table.ts'

const N = 1024
const PRIMES = ['1073643521', '1073479681', '1073184769', '1125899903991809']
const needs = {
  ...{ valueBytes: 64 * N, tableWords: 64, sharedPolynomials: 4, relinearisePrimes: 3 },
  rotationPrimes: new Map([[1, 3]]),
}
/** Sums of 1 to 9 weights, one weight that two instructions share, and a bias. */
const instructions: Instruction[] = [
  ...Array.from({ length: 9 }, (_, s): Instruction => {
    const weights = Array.from({ length: s + 1 }, (_, k) => (s * (s + 1)) / 2 + k)
    return { op: 'multiply-sum', out: s + 1, values: weights.map(() => 0), weights }
  }),
  { op: 'multiply-sum', out: 10, values: [0, 0], weights: [0, 45] },
  { op: 'add-weight', out: 11, in: 10, weight: 46 },
]
const plan: Pick<Plan, 'parameters' | 'weights' | 'instructions'> = {
  parameters: { polyModulusDegree: N, primes: PRIMES },
  weights: Array.from({ length: 47 }, (_, i) => ({ layer: 0, role: 'weight', scale: 1, primes: 1 + (i % 3) })),
  instructions,
}
const sizeOf = (index: number): number =>
  2 * packedPartBytes(N, PRIMES.slice(0, plan.weights[index].primes).map(BigInt))
const whole = layOut(plan, needs, { threads: 2 })
const least = layOut(plan, needs, { threads: 2, limitBytes: 0 })

describe('weights in limited memory', () => {
  it('all stay where there is room', () => {
    expect(whole.streamed.flat()).toEqual([])
    expect(layOut(plan, needs, { threads: 2, limitBytes: whole.bytes })).toEqual(whole)
    expect(least.bytes).toBeLessThan(0.6 * whole.bytes)
  })

  const steps = Array.from({ length: 8 }, (_, i) => least.bytes + ((whole.bytes - least.bytes) * i) / 8)
  it.each(steps)('do not overlap what stays or is there with them, below %i bytes', (limitBytes) => {
    const { weights, streamed: sources, bytes } = layOut(plan, needs, { threads: 2, limitBytes })
    const streamed = sources.flat().map((source) => ('weight' in source ? source.weight : -1))
    expect(bytes).toBeLessThanOrEqual(limitBytes)
    expect(streamed).not.toContain(0)
    expect(streamed).toEqual(streamed.toSorted((a, b) => a - b))
    const stay = [...plan.weights.keys()].filter((index) => !streamed.includes(index))
    for (const instruction of instructions) {
      const present = [...new Set([...stay, ...weightsOf(instruction)])].sort((a, b) => weights[a] - weights[b])
      present.forEach((index, k) => {
        const end = weights[index] + sizeOf(index)
        expect(end).toBeLessThanOrEqual(k + 1 < present.length ? weights[present[k + 1]] : bytes)
      })
    }
  })
})

describe('a load program in limited memory', () => {
  const { plan } = tinyExpanded()
  afterEach(() => void vi.restoreAllMocks())

  it('runs before its layer where there is no room to keep what it makes', () => {
    const [whole, least] = [Infinity, 0].map((limitBytes) => layOut(plan, rehearse(plan), { threads: 1, limitBytes }))
    expect(whole.streamed.flat()).toEqual([])
    expect(least.streamed[0]).toEqual([{ expansion: 0 }])
    expect(least.streamed.flat()).toContainEqual({ weight: 1 })
    expect(least.bytes).toBeLessThan(whole.bytes)
  })

  it('has room for its own values beside those of the run', () => {
    const atLoad = rehearse(plan)
    const inRuns = rehearse(plan, layOut(plan, atLoad, { threads: 1, limitBytes: 0 }).streamed)
    expect(inRuns.valueBytes).toBeGreaterThan(atLoad.valueBytes)
  })

  it('is refused before any memory is taken, where that is more than was allowed', async () => {
    const { kind, memoryBytes } = kernelSupport(plan)
    expect(kind).not.toBe('node-seal')
    const memory = vi.spyOn(WebAssembly, 'Memory')
    const refused = openKernels(plan, { limitBytes: memoryBytes! / 2 })
    await expect(refused).rejects.toMatchObject({ code: 'not-enough-memory' })
    expect(memory).not.toHaveBeenCalled()
    const { close } = await openKernels(plan, { limitBytes: memoryBytes })
    expect(memory).toHaveBeenCalledOnce()
    await close()
  })
})
