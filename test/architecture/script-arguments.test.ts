import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { root } from '../support/cli.ts'

const run = async (...args: string[]) =>
  await promisify(execFile)(process.execPath, args, { cwd: root }).then(
    () => ({ code: 0, stderr: '' }),
    ({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr }),
  )

it.each([
  [['test/bench/main.ts', '--json'], "Option '--json <value>' argument missing"],
  [['scripts/measure-accuracy.ts', '--onyl'], "Unknown option '--onyl'\n"],
  [['scripts/measure-accuracy.ts', 'models'], 'Missing: DATA'],
])('%j is told in words', async (args, message) => {
  const { code, stderr } = await run(...args)
  expect(code).toBe(1)
  expect(stderr).toContain(`error: ${message}`)
  expect(stderr).toContain('(usage)')
  expect(stderr).not.toMatch(/^\s+at /m)
})

it('scripts that people start read their arguments so', () => {
  const scripts = ['scripts', 'scripts/suite', 'scripts/simulate', 'test/bench', 'test/audit', 'test/nats'].flatMap(
    (folder) =>
      readdirSync(join(root, folder))
        .filter((name) => name.endsWith('.ts'))
        .map((name) => `${folder}/${name}`),
  )
  // What is strict about nothing cannot be asked wrongly.
  const own = scripts.filter((path) => /\bparseArgs\((?!.*strict: false)/.test(readFileSync(join(root, path), 'utf8')))
  expect(own).toEqual(['scripts/arguments.ts'])
})
