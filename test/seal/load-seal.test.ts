import { describe, expect, it } from 'vitest'
import { loadSeal } from '../../src-main/seal/module.ts'

describe('loadSeal', () => {
  it('rejects a program that does not fit its imports, in place of waiting for ever', async () => {
    const types = [1, 4, 1, 0x60, 0, 0]
    const imports = [2, 7, 1, 1, 0x78, 1, 0x79, 0, 0]
    const program = await WebAssembly.compile(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...types, ...imports))
    await expect(loadSeal(program)).rejects.toThrow(TypeError)
  })
})
