import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root, sealwright } from '../support/cli.ts'
import { npyFile } from '../support/npy.ts'
import { tinyOnnx } from '../support/tiny-onnx.ts'

const env = { ...process.env, SEALWRIGHT_PASSPHRASE: 'correct horse battery staple' }
const servers: ChildProcess[] = []
let folder: string

/** Starts a server of the command line and waits until it says where it listens. */
async function serve(...args: string[]): Promise<{ url: string; stop: () => Promise<number> }> {
  const command = [join(root, 'src-main', 'cli', 'sealwright.js'), ...args, '--port', '0', '--json']
  const child = spawn(process.execPath, command, { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] })
  servers.push(child)
  const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string]
  const stop = async (): Promise<number> => {
    child.kill('SIGINT')
    const [code] = (await once(child, 'exit')) as [number]
    return code
  }
  return { url: (JSON.parse(line) as { url: string }).url, stop }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sealwright-gateway-'))
  writeFileSync(join(folder, 'tiny.onnx'), tinyOnnx())
  writeFileSync(
    join(folder, 'x.npy'),
    npyFile(
      [64, 4, 4],
      Uint8Array.from({ length: 1024 }, (_, at) => (at * 37) % 256),
    ),
  )
  const files = ['--calibration', 'x.npy', '--keys', 'keys', '--out', 'tiny.sealed']
  const exported = await sealwright(['protect', 'tiny.onnx', ...files, '--scale', '1/255', '--min-kept', '0'], {
    cwd: folder,
    env,
  })
  expect(exported.code, exported.stderr).toBe(0)
})
afterAll(() => {
  for (const server of servers) server.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

describe('edge serve and gateway', () => {
  it('answer with a label, log it, and stop when told', async () => {
    const gateway = await serve('gateway', '--keys', 'keys', '--audit-log', 'audit.jsonl', '--quota', '10')
    const edge = await serve('edge', 'serve', 'tiny.sealed', '--threads', '1', '--gateway', gateway.url)
    const body = npyFile(
      [1, 4, 4],
      Uint8Array.from({ length: 16 }, (_, at) => at * 16),
    )
    const headers = { 'content-type': 'application/x-npy' }
    const response = await fetch(`${edge.url}/v1/run`, { method: 'POST', headers, body: Uint8Array.from(body) })
    expect(await response.json()).toEqual({ label: expect.any(Number) })
    expect(await edge.stop()).toBe(0)
    expect(await gateway.stop()).toBe(0)

    const log = join(folder, 'audit.jsonl')
    const verified = await sealwright(['audit', 'verify', log, '--keys', join(folder, 'keys'), '--json'])
    expect(verified.json()).toMatchObject({ records: readFileSync(log, 'utf8').trim().split('\n').length })
    expect(readFileSync(log, 'utf8')).toContain('"released"')
    appendFileSync(log, readFileSync(log, 'utf8').split('\n')[0] + '\n')
    expect((await sealwright(['audit', 'verify', log, '--json'])).json().error?.code).toBe('broken-audit-log')
  })

  it('do not listen beyond the loopback without TLS and a token', async () => {
    const args = ['gateway', '--keys', 'keys', '--audit-log', 'other.jsonl', '--host', '0.0.0.0', '--json']
    expect((await sealwright(args, { cwd: folder, env })).json().error?.code).toBe('insecure-listen')
  })
})
