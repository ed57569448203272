import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compileAll, compileSources } from '../../scripts/build-kernels.ts'
import { KERNEL_KINDS } from '../../src-main/core/plan/evaluator-kinds.ts'
import { chooseKernels, selfTest, tryKernels } from '../../src-main/kernels/self-test.ts'
import { compileKernels } from '../../src-main/kernels/wasm.ts'

const fresh = (bytes: Uint8Array): WebAssembly.Module => new WebAssembly.Module(Uint8Array.from(bytes))

/** What an engine computes that rounds twice in a relaxed multiply-add, as the standard permits. */
let compiled: Promise<Uint8Array> | undefined
const unfused = async (): Promise<WebAssembly.Module> =>
  fresh(
    await (compiled ??= compileSources('relaxed-simd-f64', (source) =>
      source
        .replaceAll(/f64x2\.relaxed_madd\((\w+), (\w+), (\w+)\)/g, 'f64x2.add(f64x2.mul($1, $2), $3)')
        .replaceAll(/f64x2\.relaxed_nmadd\((\w+), (\w+), (\w+)\)/g, 'f64x2.sub($3, f64x2.mul($1, $2))'),
    )),
  )

describe('dispatch by self-test', () => {
  it('takes the best kernels where they work', () => {
    expect(chooseKernels()).toMatchObject({ works: { kind: 'relaxed-simd-f64' }, reason: '' })
    for (const kind of KERNEL_KINDS) expect(selfTest(compileKernels(kind))).toBeUndefined()
  })

  it('takes the others where multiply-add is not fused, and says why', async () => {
    const module = await unfused()
    const { works, reason } = chooseKernels(KERNEL_KINDS, (kind) =>
      tryKernels(() => (kind === 'relaxed-simd-f64' ? module : compileKernels(kind))),
    )
    expect(works?.kind).toBe('simd-f64')
    expect(reason).toMatch(/^relaxed-simd-f64: the self-test of the .* failed$/)
  })

  it('takes none where none works, be it for a wrong result or for what an engine lacks', async () => {
    const module = await unfused()
    const { works, reason } = chooseKernels(KERNEL_KINDS, (kind) =>
      tryKernels(() => (kind === 'simd-f64' ? module : new WebAssembly.Module(new Uint8Array(8)))),
    )
    expect(works).toBeUndefined()
    expect(reason).toMatch(/^relaxed-simd-f64: this engine lacks it; simd-f64: the self-test of the .* failed$/)
  })

  it.each([
    ['a lost reduction', 'relaxed-simd-f64', 'f64x2.relaxed_nmadd(q, p, x)', 'x'],
    ['a lost reduction', 'simd-f64', 'f64x2.sub(x, f64x2.mul(q, p))', 'x'],
    ['a lost digit', 'simd-f64', 'f64x2.add(upper, f64x2.mul(a0, b1))', 'upper'],
    ['a carelessly split factor', 'simd-f64', '0xfffffffff8000000', '0xffffffffff000000'],
    ['a result above the prime', 'simd-f64', 'f64x2.lt(x, f64x2.splat(0))', 'f64x2.le(x, f64x2.splat(0))'],
    ['a sum that is never folded', 'relaxed-simd-f64', 'if (first > 0) foldSums(block, 1, BLOCK_BYTES, prime)', ''],
    [
      ...[
        'products that are never folded',
        'relaxed-simd-f64',
        'foldSums(sums, 3, PIECE_BYTES, prime)\n      used = 0',
      ],
      'used = 0',
    ],
    ['half of a square', 'relaxed-simd-f64', 'product(f64x2.add(x, x), other,', 'product(x, other,'],
    ['a conversion without its rests', 'simd-f64', 'f64x2.add(less(high, q, p), low)', 'less(high, q, p)'],
    [
      'a division without its rests',
      'relaxed-simd-f64',
      'f64x2.add(q, round), p), rests)',
      'f64x2.add(q, round), p), low)',
    ],
    ['products counted twice', 'relaxed-simd-f64', 'f64x2.sub(both, f64x2.add(first, last))', 'both'],
    [
      'a remainder by one prime',
      'relaxed-simd-f64',
      'for (let i = 1; i < command.specialPrimes; i++)',
      'for (let i = 1; i < 1; i++)',
    ],
    ['unchanged signs', 'relaxed-simd-f64', 'if ((power & n) !== 0 && x !== 0)', 'if (false)'],
    [
      ...['a misplaced coefficient', 'relaxed-simd-f64', '(<usize>load<u32>(index, 4) << 3), result, 1)'],
      '(<usize>load<u32>(index) << 3), result, 1)',
    ],
    [
      'a forgotten part',
      'relaxed-simd-f64',
      'const tensor = command.parts === 2',
      'const tensor = command.parts === 9',
    ],
  ] as [string, (typeof KERNEL_KINDS)[number], string, string][])('notices %s of %s', async (_, kind, from, to) => {
    let found = false
    const mutant = await compileSources(kind, (source) => {
      found ||= source.includes(from)
      return source.replace(from, to)
    })
    expect(found).toBe(true)
    expect(selfTest(fresh(mutant))).toMatch(/failed/)
  })
})

describe('the committed modules', () => {
  it('are what the sources compile to, byte for byte', async () => {
    const committed = readFileSync(new URL('../../src-main/kernels/wasm-bytes.ts', import.meta.url), 'utf8')
    expect(await compileAll()).toBe(committed)
  })
})
