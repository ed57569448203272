import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildEdge } from '../../scripts/build-edge.ts'
import { decrypt } from '../../src-main/owner/decrypt.ts'
import { tinyOutput } from '../bundle/tiny-plan.ts'
import { exportTiny, passphrase, temporaryFolder } from '../owner/exported.ts'
import { writeBlankPng, writePng } from '../support/png.ts'
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
    const { label } = await decrypt({
      result: out,
      keysFolder: join(folder, 'keys'),
      unlock: { passphrase },
      beyondBudget: true,
    })
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

  it('reads pictures, and refuses small files of many pixels before they unfold', async () => {
    const server = spawn(node, [join(edge, 'sealwright-edge'), 'serve', 'tiny.sealed', '--port', '0'], {
      ...{ cwd: folder, env: {} },
    })
    try {
      const [line] = await once(server.stdout, 'data')
      const { url } = JSON.parse(line)
      const post = (body: Uint8Array, type: string): Promise<Response> =>
        fetch(`${url}/v1/run`, { method: 'POST', body: Buffer.from(body), headers: { 'content-type': type } })
      const png = { width: 2, height: 2, bitDepth: 8, colourType: 0, samples: [1, 2, 3, 4] } as const
      expect((await post(writePng(png), 'image/png')).status).toBe(200)
      const vectors = join(import.meta.dirname, '../vectors/pictures')
      expect((await post(await readFile(join(vectors, 'gray-2x2.jpg')), 'image/jpeg')).status).toBe(200)
      const jpeg = await readFile(join(vectors, 'gray.jpg'))
      expect((await (await post(jpeg, 'image/jpeg')).json()).error).toMatchObject({
        message: expect.stringContaining('a picture of shape [1, 17, 23]'),
      })
      for (const side of [2800, 4096]) {
        const blank = writeBlankPng(side, side)
        expect(blank.length).toBeLessThan(140_000)
        const answers = await Promise.all(Array.from({ length: 4 }, () => post(blank, 'image/png')))
        for (const answer of answers) expect(answer.status).toBeGreaterThanOrEqual(400)
        expect((await fetch(`${url}/health`)).status).toBe(200)
      }
      if (process.platform === 'linux') expect(await peakMiB(server.pid!)).toBeLessThan(500)
    } finally {
      server.kill('SIGKILL')
    }
  })

  /** Resident memory at its highest. */
  const peakMiB = async (pid: number): Promise<number> =>
    Number(/VmHWM:\s*(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))![1]) / 1024

  it('decodes pictures of both kinds with the decoders beside it', async () => {
    for (const kind of ['jpg', 'png']) {
      const picture = join(import.meta.dirname, `../vectors/pictures/two-by-two.${kind}`)
      const answer = run('run', 'tiny.sealed', '--input', picture, '--out', `${kind}.result`)
      expect(answer.stderr).toBe('')
      const expected = tinyOutput([19, 72, 37, 91])
      const result = join(folder, `${kind}.result`)
      const keysFolder = join(folder, 'keys')
      const { label } = await decrypt({ result, keysFolder, unlock: { passphrase }, beyondBudget: true })
      expect(label).toBe(expected.indexOf(Math.max(...expected)))
    }
  })

  it('says that it reads no Parquet, by name', async () => {
    await writeFile(join(folder, 'x.parquet'), 'PAR1')
    const answer = run('run', 'tiny.sealed', '--input', 'x.parquet', '--out', 'none.result')
    expect(answer.stderr).toContain('x.parquet: this edge does not read Parquet.')
    expect(answer.status).toBe(1)
  })

  it('says that it has no SEAL where its kernels cannot be used', async () => {
    const told = ['--evaluator', 'seal']
    expect(JSON.parse(run('info', 'tiny.sealed', ...told).stdout).segments[0].evaluator.kind).toBe('none')
    const answer = run('run', 'tiny.sealed', '--input', 'input.npy', '--out', 'none.result', ...told)
    expect(answer.stderr).toMatch(/^This edge has its evaluation kernels only, .*: they were not asked for\.\n/)
    expect(answer.status).toBe(1)
  })

  it('verifies and describes bundles', async () => {
    expect(JSON.parse(run('verify', 'tiny.sealed').stdout)).toHaveProperty('signer.pinned', false)
    expect(JSON.parse(run('info', 'tiny.sealed').stdout)).toMatchObject({ segments: [{ polyModulusDegree: 8192 }] })
  })

  it('lists what is in it as CycloneDX', async () => {
    const { bomFormat, components } = JSON.parse(await readFile(join(edge, 'sbom.cdx.json'), 'utf8')) as {
      bomFormat: string
      components: { name: string; version: string; purl: string; hashes: { alg: string; content: string }[] }[]
    }
    expect(bomFormat).toBe('CycloneDX')
    const licences = await readFile(join(edge, 'THIRD-PARTY-LICENSES'), 'utf8')
    for (const { name, version } of components) expect(licences).toContain(`${name} ${version}`)
    const zod = components.find(({ name }) => name === 'zod')
    expect(zod?.purl).toBe(`pkg:npm/zod@${zod?.version}`)
    expect(zod?.hashes[0]).toEqual({ alg: 'SHA-512', content: expect.stringMatching(/^[0-9a-f]{128}$/) })
    expect(components.map(({ name }) => name)).toEqual(expect.arrayContaining(['@noble/hashes', '@nats-io/jetstream']))
    expect(components.map(({ name }) => name)).not.toContain('node-seal')
  })

  it('is small, carries its licences, and holds neither SEAL nor anything that could decrypt', async () => {
    const names = await readdir(edge)
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(edge, name))).size))
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(950_000)
    const licences = await readFile(join(edge, 'THIRD-PARTY-LICENSES'), 'utf8')
    expect(licences).toContain('@nats-io/jetstream 3')
    expect(licences).not.toContain('node-seal')
    const scripts = await Promise.all(
      names.filter((n) => n.endsWith('.js')).map((n) => readFile(join(edge, n), 'utf8')),
    )
    for (const word of ['Decryptor', 'KeyGenerator', 'seal_throws', 'age-encryption', 'onnxruntime', 'electron']) {
      expect(scripts.filter((script) => script.includes(word))).toEqual([])
    }
  })
})
