import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sealwright, type CliRun } from '../support/cli.ts'
import { npyFile } from '../support/npy.ts'
import { tinyOnnx } from '../support/tiny-onnx.ts'

let folder: string
let id: string

const run = (...args: string[]): Promise<CliRun> =>
  sealwright([...args, '--json'], { cwd: folder, env: { SEALWRIGHT_PASSPHRASE: 'correct horse battery staple' } })
const keys = (...args: string[]): Promise<CliRun> => run('keys', ...args, '--keys', 'keys')

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sealwright-keys-'))
  writeFileSync(join(folder, 'tiny.onnx'), tinyOnnx())
  writeFileSync(
    join(folder, 'x.npy'),
    npyFile(
      [64, 4, 4],
      Uint8Array.from({ length: 1024 }, (_, at) => (at * 37) % 256),
    ),
  )
  const files = ['--calibration', 'x.npy', '--keys', 'keys', '--out', 'tiny.sealed']
  const exported = await run(
    'protect',
    'tiny.onnx',
    ...files,
    '--scale',
    '1/255',
    '--min-kept',
    '0',
    '--reveal',
    'top-k',
    '--top',
    '2',
  )
  expect(exported.code, exported.stdout).toBe(0)
  id = exported.json().deployment as string
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the key store on the command line', () => {
  it('lists and shows deployments, by the beginning of their id', async () => {
    expect((await keys('list')).json()).toMatchObject({ deployments: [{ id, reveal: { mode: 'top-k', k: 2 } }] })
    expect((await keys('show', id.slice(0, 6))).json()).toMatchObject({ id, model: { name: 'tiny' } })
    expect((await keys('show', 'ffffffff')).json().error?.code).toBe('unknown-deployment')
  })

  it('signs a bundle beside it, for those who know the public key', async () => {
    expect((await run('sign', 'tiny.sealed', '--keys', 'keys', '--out', 'tiny.sig')).code).toBe(0)
    const publicKey = join('keys', id, 'signer.pem')
    const verified = await run('verify', 'tiny.sealed', '--signature', 'tiny.sig', '--public-key', publicKey)
    expect(verified.json()).toMatchObject({ deploymentId: id, signer: { pinned: true } })
    writeFileSync(join(folder, 'other.sig'), '{}')
    const refused = await run('verify', 'tiny.sealed', '--signature', 'other.sig', '--public-key', publicKey)
    expect(refused.code).toBe(1)
    expect(refused.json().error?.code).toMatch(/signature|signed/)
  })

  it('destroys only what is confirmed, and brings it back from a backup', async () => {
    expect((await keys('backup', id, '--out', 'backup.zip')).code).toBe(0)
    expect((await keys('backup', id, '--out', 'backup.zip')).json().error?.code).toBe('output-exists')
    expect((await keys('destroy', id)).json().error?.code).toBe('not-confirmed')
    expect(readdirSync(join(folder, 'keys'))).toEqual([id])
    expect((await keys('destroy', id, '--yes')).code).toBe(0)
    expect(readdirSync(join(folder, 'keys'))).not.toContain(id)
    expect((await keys('restore', 'backup.zip')).json()).toMatchObject({ id })
    expect((await keys('restore', 'backup.zip')).json().error?.code).toBe('deployment-exists')
  })

  it('refuses the results of a revoked deployment', async () => {
    expect((await run('edge', 'run', 'tiny.sealed', '--input', 'x.npy', '--out', 'x.result')).code).toBe(0)
    const opened = await run('decrypt', 'x.result', '--keys', 'keys', '--beyond-budget')
    expect(opened.json()).toMatchObject({ label: expect.any(Number), top: [expect.any(Number), expect.any(Number)] })
    expect((await keys('revoke', id)).json().revoked).toMatch(/^\d{4}-/)
    expect((await run('decrypt', 'x.result', '--keys', 'keys')).json().error?.code).toBe('deployment-revoked')
  })
})
