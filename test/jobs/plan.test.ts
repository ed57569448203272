import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { silent, type ProgressEvent } from '../../src-main/core/progress.ts'
import { parseSplit } from '../../src-main/core/segment/cut.ts'
import { plan } from '../../src-main/jobs/plan.ts'
import { sample } from '../../src-main/jobs/sample.ts'

const lenet5 = { model: sample.model, preprocessing: sample.preprocessing, degree: 2, input: 'encrypted' } as const

describe('a plan of segments', () => {
  it('says what each node does and sees, and what the owner is needed for', async () => {
    const split = parseSplit('relu_2:exact,gemm_7:hand-off,gemm_9')
    const { segments, cuts, owner, cutPoints } = await plan({ ...lenet5, split }, silent)
    expect(cuts).toEqual([
      { after: 'relu_2', kind: 'exact' },
      { after: 'gemm_7', kind: 'hand-off' },
      { after: 'gemm_9', kind: 'refresh' },
    ])
    expect(segments.map(({ layers }) => layers.map(({ name }) => name))).toEqual([
      ['conv_1'],
      ['conv_4', 'relu_5', 'gemm_7'],
      ['relu_8', 'gemm_9'],
      ['relu_10', 'gemm_11'],
    ])
    expect(segments.map(({ cut }) => cut)).toEqual([...cuts, undefined])
    expect(segments.map(({ sees }) => sees.input)).toEqual(['own-samples', 'ciphertexts', 'ciphertexts', 'ciphertexts'])
    expect(segments[0]).toMatchObject({ receivedBytes: 0, levels: 1, depth: 1, sees: { outputElements: 6 * 28 * 28 } })
    expect(segments[2].receivedBytes).toBe(segments[1].sentBytes)
    expect(segments[1].polyModulusDegree).toBe(segments[2].polyModulusDegree)
    for (const { weightBytes, keyBytes, bundleBytes } of segments) expect(weightBytes + keyBytes).toBe(bundleBytes)
    // The second segment has weights that are mostly not there at once where memory is short.
    for (const { edgeMemoryBytes, leastEdgeMemoryBytes, keyBytes } of segments) {
      expect(leastEdgeMemoryBytes).toBeGreaterThan(keyBytes)
      expect(leastEdgeMemoryBytes).toBeLessThan(1.3 * edgeMemoryBytes)
    }
    expect(segments[1].leastEdgeMemoryBytes).toBeLessThan(0.8 * segments[1].edgeMemoryBytes)
    expect(owner.map(({ act, beforeSegment, layers }) => [act, beforeSegment, layers])).toEqual([
      ['exact', 1, ['relu_2']],
      ['refresh', 3, []],
      ['open', undefined, []],
    ])
    expect(owner[0].receivedBytes).toBe(segments[0].sentBytes)
    expect(cutPoints.find(({ after }) => after === 'relu_2')?.kinds).toEqual(['hand-off', 'refresh', 'exact'])
    expect(cutPoints.find(({ after }) => after === 'gemm_7')?.kinds).toEqual(['hand-off', 'refresh'])
  })

  it.each([
    ['refreshes=2:exact', ['exact', 'exact']],
    ['nodes=2', ['hand-off']],
  ])('follows the rule %s', async (text, kinds) => {
    const { cuts } = await plan({ ...lenet5, split: parseSplit(text) }, silent)
    expect(cuts.map(({ kind }) => kind)).toEqual(kinds)
  })

  it('counts the degree of each activation before there is calibration data', async () => {
    const split = parseSplit('exact:relu_5,relu_8,relu_10')
    const depthOf = async (degrees: Readonly<Record<string, 2 | 4>>) =>
      (await plan({ ...lenet5, split, degrees }, silent)).segments.map(({ depth }) => depth)
    // Two maps, and between them two squarings and a scaling, where degree 2 has one squaring.
    expect(await depthOf({ relu_2: 4 })).toEqual([5, 1, 1, 1])
    await expect(depthOf({ relu_9: 4 })).rejects.toMatchObject({ code: 'unknown-activation' })
  })

  it('counts what max-pools taken apart cost before there is calibration data', async () => {
    const model = join(import.meta.dirname, '..', 'models', 'trained', 'mnist_lenet5_relu_maxpool.onnx')
    const pooled = { ...lenet5, model, split: parseSplit('auto') }
    const depths = async (splitPools: boolean) =>
      (await plan({ ...pooled, splitPools }, silent)).segments.map(({ levels }) => levels)
    expect(await depths(false)).toEqual([9])
    const apart = await depths(true)
    // Each pool costs a squaring and the sum before it.
    expect(apart.reduce((sum, levels) => sum + levels)).toBeGreaterThanOrEqual(13)
    expect(apart).toHaveLength(2)
  })

  it('tells of its segments and can be cancelled between them', async () => {
    const controller = new AbortController()
    const begun: (string | undefined)[] = []
    const progress = (event: ProgressEvent): void => {
      if (event.kind !== 'step' || event.stage !== 'plan') return
      begun.push(event.detail)
      setTimeout(() => controller.abort())
    }
    const stopped = plan({ ...lenet5, split: parseSplit('exact') }, { progress, signal: controller.signal })
    await expect(stopped).rejects.toThrow(expect.objectContaining({ code: 'cancelled' }))
    expect(begun.length).toBeLessThan(4)
    expect(begun[0]).toBe('segment 1')
  })

  it.each(['conv_1:hand-off,relu_2:exact', 'gemm_11', 'conv_9', 'gemm_11:exact'])('refuses %s', async (text) => {
    await expect(plan({ ...lenet5, split: parseSplit(text) }, silent)).rejects.toThrow(
      expect.objectContaining({ code: 'not-a-cut-point' }),
    )
  })
})
