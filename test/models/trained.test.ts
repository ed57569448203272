import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { differenceFromRuntime, importModel } from './compare.ts'

const folder = new URL('trained/', import.meta.url)

describe('trained networks, normalised and evaluated exactly', () => {
  it.each(readdirSync(folder))('%s equals ONNX Runtime', async (file) => {
    const bytes = readFileSync(new URL(file, folder))
    expect(await differenceFromRuntime(importModel(bytes), bytes)).toBeLessThan(1e-4)
  })
})
