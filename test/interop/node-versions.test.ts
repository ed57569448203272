import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packedNode } from '../../scripts/packed-node.ts'
import { openReference } from '../../src-main/ort/reference.ts'
import { npyFile } from '../support/npy.ts'
import { sealwright } from '../support/cli.ts'
import { tinyOnnx } from '../support/tiny-onnx.ts'
import { newestNode, oldestNode } from './nodes.ts'

/** Types are stripped, node-seal and ONNX Runtime load, threads start, an edge runs in a process of its own. */
describe.skipIf(process.platform !== 'linux' || process.arch !== 'x64')('the command line', () => {
  let folder: string
  let expected: number
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sealwright-nodes-'))
    await writeFile(join(folder, 'tiny.onnx'), tinyOnnx())
    const values = Float32Array.from({ length: 64 * 16 }, (_, i) => ((i * 7919) % 101) / 101)
    const reference = await openReference(tinyOnnx())
    const scores = await reference.run(Float64Array.from(values.subarray(0, 16)))
    await reference.close()
    expected = scores.indexOf(Math.max(...scores))
    await writeFile(join(folder, 'calibration.npy'), npyFile([64, 1, 4, 4], values))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it.each([oldestNode, newestNode])('protects, runs and decrypts with Node %s', async (version) => {
    const node = await packedNode('linux-x64', version)
    const command = async (...args: string[]) => {
      const env = { SEALWRIGHT_PASSPHRASE: 'correct horse battery staple', PATH: '/usr/bin:/bin' }
      const answer = await sealwright([...args, '--json'], { cwd: folder, env, node })
      // Work of half a minute, as on a busy machine, tells its progress there.
      expect(answer.stderr).not.toMatch(/warning|error/i)
      expect(answer.code, answer.stdout).toBe(0)
      return answer.json()
    }
    const [keys, bundle, result] = [`keys-${version}`, `${version}.sealed`, `${version}.result`]
    const told = ['--keys', keys, '--out', bundle, '--tuning-epochs', '0', '--min-kept', '0']
    await command('protect', 'tiny.onnx', '--calibration', 'calibration.npy', ...told)
    const { evaluator } = await command('edge', 'run', bundle, '--input', 'calibration.npy', '--out', result)
    expect(evaluator).toMatch(/simd-f64$/)
    const { label } = await command('decrypt', result, '--keys', keys)
    expect(label).toBe(expected)
  })
})
