import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { root } from '../support/cli.ts'

it('a network with an activation of its own is fitted, protected and run as the page says', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    join(root, 'examples', 'custom-activation', 'main.ts'),
  ])
  const error = (degree: number, layer: string): number =>
    Number(new RegExp(`^degree ${degree}: ${layer}, Expression, error ([\\d.]+)$`, 'm').exec(stdout)?.[1])
  for (const layer of ['expression_2', 'expression_4']) {
    expect(error(4, layer)).toBeGreaterThan(0)
    expect(error(4, layer)).toBeLessThan(error(2, layer))
  }
  // Of ONNX Runtime, for the sample that the example takes.
  expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toEqual({ label: 2 })
})
