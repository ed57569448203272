import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { checkModel, type ModelResult } from './check-model.ts'

const results = JSON.parse(readFileSync(new URL('results.json', import.meta.url), 'utf8')) as Record<
  string,
  ModelResult
>
const files = Object.keys(results)
const own = files.filter((file) => file.startsWith('trained/') || file.startsWith('hostile/'))

describe('the table of models and results', () => {
  it.each(own)('%s', { timeout: 20_000 }, async (file) => {
    const path = fileURLToPath(new URL(file, import.meta.url))
    expect(await checkModel(path)).toEqual(results[file])
  })

  it('refuses every file that is bad', () => {
    const bad = own.filter((file) => file.startsWith('hostile/bad_'))
    expect(bad.length).toBe(40)
    expect(bad.filter((file) => results[file].result !== 'refused')).toEqual([])
  })

  it('knows no model that differs from ONNX Runtime', () => {
    expect(files.filter((file) => results[file].result === 'differs')).toEqual([])
  })
})
