import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sealwright } from '../support/cli.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealwright-demo-test-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Demo {
  readonly samples: readonly {
    readonly truth: number
    readonly original: number
    readonly polynomial: number
    readonly encrypted: number
    readonly maxAbsDifference: number
    readonly maxAbsLogit: number
  }[]
  readonly stages: readonly { readonly name: string; readonly seconds: number }[]
  readonly folder: string
}

it('the demo recognises three digits under encryption as it does in the clear', { timeout: 600_000 }, async () => {
  const out = join(folder, 'demo')
  const run = await sealwright(['demo', '--out', out, '--json'])
  expect(run.code, run.stdout + run.stderr).toBe(0)
  const { samples, stages, folder: named } = run.json() as unknown as Demo
  expect(samples).toHaveLength(3)
  for (const { truth, original, polynomial, encrypted, maxAbsDifference, maxAbsLogit } of samples) {
    expect([original, polynomial, encrypted]).toEqual([truth, truth, truth])
    expect(maxAbsDifference).toBeGreaterThan(0)
    expect(maxAbsDifference).toBeLessThan(0.005 * maxAbsLogit)
  }
  expect(stages.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['approximate', 'plan', 'encrypt', 'run', 'decrypt']),
  )
  expect(named).toBe(out)
  expect(readdirSync(join(out, 'edge')).sort()).toEqual(['0.result', '1.result', '2.result', 'lenet5.sealed'])
  expect(existsSync(join(out, 'owner', 'keys'))).toBe(true)

  const again = await sealwright(['demo', '--out', out, '--json'])
  expect(again.json().error?.code).toBe('output-exists')
})
