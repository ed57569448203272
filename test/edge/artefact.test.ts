import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildEdge } from '../../scripts/build-edge.ts'
import { decrypt } from '../../src-main/owner/decrypt.ts'
import { tinyOutput } from '../bundle/tiny-plan.ts'
import { exportTiny, passphrase, temporaryFolder } from '../owner/exported.ts'
import { npy } from './npy.ts'

describe('the edge runtime as a folder', () => {
  let folder: string
  let edge: string

  beforeAll(async () => {
    folder = await temporaryFolder()
    edge = await buildEdge(join(folder, 'edge'))
    await exportTiny(folder)
    await writeFile(join(folder, 'input.npy'), npy([0.3, -0.8, 1.5, 0.6]))
  })
  afterAll(() => rm(folder, { recursive: true }))

  /** `npm run test:node22` has another Node. */
  const node = process.env.EDGE_NODE ?? process.execPath
  const run = (...args: string[]) =>
    spawnSync(node, [join(edge, 'sealwright-edge'), ...args], { cwd: folder, env: {}, encoding: 'utf8' })

  it.each(['1', '2'])('computes with Node alone, on %s thread(s)', async (threads) => {
    const out = join(folder, `${threads}.result`)
    const answer = run('run', 'tiny.sealed', '--input', 'input.npy', '--out', out, '--threads', threads)
    expect(answer.stderr).toBe('')
    expect(answer.status).toBe(0)
    const expected = tinyOutput([0.3, -0.8, 1.5, 0.6])
    const { label } = await decrypt({ result: out, keysFolder: join(folder, 'keys'), unlock: { passphrase } })
    expect(label).toBe(expected.indexOf(Math.max(...expected)))
  })

  it('serves until it is told to stop', async () => {
    const server = spawn(node, [join(edge, 'sealwright-edge'), 'serve', 'tiny.sealed', '--port', '0'], {
      ...{ cwd: folder, env: {} },
    })
    const ended = once(server, 'exit')
    const [line] = await once(server.stdout, 'data')
    const body = npy([0.3, -0.8, 1.5, 0.6]) as Uint8Array<ArrayBuffer>
    const headers = { 'content-type': 'application/x-npy' }
    const response = await fetch(`${JSON.parse(line).url}/v1/run`, { method: 'POST', body, headers })
    expect(response.status).toBe(200)
    expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(1e5)
    server.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  })

  it('verifies and describes bundles', async () => {
    expect(JSON.parse(run('verify', 'tiny.sealed').stdout)).toHaveProperty('signer.pinned', false)
    expect(JSON.parse(run('info', 'tiny.sealed').stdout)).toMatchObject({ segments: [{ polyModulusDegree: 8192 }] })
  })

  it('is small, carries its licences, and holds nothing that could decrypt', async () => {
    const names = await readdir(edge)
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(edge, name))).size))
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(10 * 2 ** 20)
    expect(await readFile(join(edge, 'THIRD-PARTY-LICENSES'), 'utf8')).toContain('node-seal 7')
    // SEAL's own program offers decryption to whoever has the secret key; our code never asks for it.
    const scripts = await Promise.all(
      names.filter((n) => n.endsWith('.js')).map((n) => readFile(join(edge, n), 'utf8')),
    )
    for (const word of ['new bindings.Decryptor', 'KeyGenerator(', 'age-encryption', 'onnxruntime', 'electron']) {
      expect(scripts.filter((script) => script.includes(word))).toEqual([])
    }
  })
})
