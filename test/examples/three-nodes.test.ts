import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { ensureNatsServer } from '../../scripts/nats-server.ts'
import { root } from '../support/cli.ts'

it('three nodes, a gateway and a server of queues give the labels that ONNX Runtime gives', async () => {
  await ensureNatsServer()
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'examples', 'three-nodes', 'main.ts')])
  const answers = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
  expect(stdout).toContain('\n3 bundles\n')
  expect(answers).toEqual([{ label: 2 }, { label: 1 }, { label: 2 }])
}, 240_000)
