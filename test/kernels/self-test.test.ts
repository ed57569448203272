import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { asModule, compileKernels as compileSources } from '../../scripts/build-kernels.ts'
import { kernelsOrReason, selfTest } from '../../src-main/kernels/self-test.ts'
import { compileKernels } from '../../src-main/kernels/wasm.ts'

const fresh = (bytes: Uint8Array): WebAssembly.Module => new WebAssembly.Module(Uint8Array.from(bytes))

describe('dispatch by self-test', () => {
  it('takes the kernels where they work', () => {
    expect(kernelsOrReason()).toBeInstanceOf(WebAssembly.Module)
    expect(selfTest(compileKernels())).toBeUndefined()
  })

  it('refuses them where multiply-add is not fused', async () => {
    const unfused = await compileSources((source) =>
      source
        .replace('f64x2.relaxed_madd(a, b, c)', 'f64x2.add(f64x2.mul(a, b), c)')
        .replace('f64x2.relaxed_nmadd(a, b, c)', 'f64x2.sub(c, f64x2.mul(a, b))'),
    )
    expect(selfTest(fresh(unfused))).toMatch(/self-test of the .* failed/)
  })

  it.each([
    ['a lost reduction', 'return fusedNegative(f64x2.sub(fused(x, inverse, round), round), p, x)', 'return x'],
    ['a result above the prime', 'f64x2.lt(residue, f64x2.splat(0))', 'f64x2.le(residue, f64x2.splat(0))'],
    ['a sum that is never folded', 'foldSum(block, prime)\n      used = 0', 'used = 0'],
    ['unchanged signs', 'if ((power & n) !== 0 && x !== 0)', 'if (false)'],
    [
      'a misplaced coefficient',
      '(<usize>load<u32>(index, 4) << 3), residue, 1)',
      '(<usize>load<u32>(index) << 3), residue, 1)',
    ],
    ['a forgotten part', 'if (command.parts === 2) {', 'if (command.parts === 9) {'],
  ])('notices %s', async (_, from, to) => {
    let found = false
    const mutant = await compileSources((source) => {
      found ||= source.includes(from)
      return source.replace(from, to)
    })
    expect(found).toBe(true)
    expect(selfTest(fresh(mutant))).toMatch(/failed/)
  })
})

describe('the committed module', () => {
  it('is what the sources compile to, byte for byte', async () => {
    const committed = readFileSync(new URL('../../src-main/kernels/wasm-bytes.ts', import.meta.url), 'utf8')
    expect(asModule(await compileSources())).toBe(committed)
  })
})
