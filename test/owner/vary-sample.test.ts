import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { sampleFromBytes } from '../../src-main/data/sample-from-bytes.ts'
import { varySample } from '../../src-main/owner/gateway/vary-sample.ts'
import { npyFile } from '../support/npy.ts'

describe('a canary', () => {
  const digit = (): Promise<Buffer> => readFile('assets/digits/7.png')
  const values = Array.from({ length: 784 }, (_, i) => (i * 37) % 256)
  const samples = [
    ['image/png', digit],
    ['application/x-npy', async () => npyFile([1, 28, 28], Uint8Array.from(values))],
    ['application/x-npy', async () => npyFile([1, 28, 28], Float32Array.from(values))],
    ['application/x-npy', async () => npyFile([1, 28, 28], Float64Array.from(values))],
  ] as const

  it.each(samples)('of %s is never sent twice, and stays within a gray level of what it was', async (type, sample) => {
    const original = await sample()
    const before = await sampleFromBytes(original, type, [1, 28, 28], { layout: 'nchw' })
    const sent = new Set<string>()
    for (let i = 0; i < 20; i++) {
      const varied = await varySample(original, type)
      sent.add(Buffer.from(varied).toString('base64'))
      const after = await sampleFromBytes(varied, type, [1, 28, 28], { layout: 'nchw' })
      const furthest = after.reduce((most, value, at) => Math.max(most, Math.abs(value - before[at])), 0)
      expect(furthest).toBeGreaterThan(0)
      expect(furthest).toBeLessThanOrEqual(1)
    }
    expect(sent.size).toBe(20)
    expect(sent.has(Buffer.from(original).toString('base64'))).toBe(false)
  })
})
