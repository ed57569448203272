import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { apiPage } from '../../scripts/write-api.ts'
import { root } from '../support/cli.ts'

const example = join(root, 'examples', 'protect-and-run', 'main.ts')
const golden = (name: string): string => join(root, 'test', 'vectors', 'golden', 'squares', name)
const run = async (...args: string[]) => await promisify(execFile)(process.execPath, [example, ...args])

it('a program protects a network, runs it and opens the label that ONNX Runtime gives', async () => {
  const { stdout } = await run(golden('network.onnx'), golden('inputs.npy'), golden('inputs.npy'))
  const lines = stdout.trim().split('\n')
  expect(lines.filter((line) => line.startsWith('---'))).toHaveLength(5)
  // Three outputs of four bytes behind a header of 128.
  const outputs = readFileSync(golden('outputs.npy'))
  const first = [0, 1, 2].map((k) => outputs.readFloatLE(128 + 4 * k))
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ label: first.indexOf(Math.max(...first)) })
})

it('tells a person what is wrong, and leaves nothing behind', async () => {
  await expect(run('nowhere.onnx', 'nowhere.npy', 'nowhere.npy')).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('file-not-found') as string,
  })
})

it('the page of the library is what the sources say', async () => {
  expect(readFileSync(join(root, 'docs', 'library.md'), 'utf8')).toBe(await apiPage())
})
