import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decrypt } from '../../src-main/owner/decrypt.ts'
import { tinyOutput } from '../bundle/tiny-plan.ts'
import { exportTiny, passphrase, temporaryFolder } from '../owner/exported.ts'
import { npy } from './npy.ts'

const entry = resolve('src-main/edge/main.ts')
const pixels = [0.3, -0.8, 1.5, 0.6]

describe('the edge process', () => {
  let folder: string
  let edge: string

  beforeAll(async () => {
    folder = await temporaryFolder()
    await exportTiny(folder)
    edge = join(folder, 'edge')
    await mkdir(edge)
    await copyFile(join(folder, 'tiny.sealed'), join(edge, 'tiny.sealed'))
    await writeFile(join(edge, 'input.npy'), npy([9, 9, 9, 9, ...pixels]))
    await writeFile(join(edge, 'nan.npy'), npy([0, NaN, 0, 0]))
  })
  afterAll(() => rm(folder, { recursive: true }))

  /** The edge knows its folder and nothing else: no environment, another working directory. */
  const call = (...args: string[]) =>
    spawnSync(process.execPath, [entry, ...args], { cwd: edge, env: {}, encoding: 'utf8', timeout: 60_000 })
  const run = (...args: string[]) => call('run', 'tiny.sealed', ...args)

  it('ends quietly where nobody reads what it prints', async () => {
    const child = spawn(process.execPath, [entry, 'info', 'tiny.sealed', '--allow-unsigned'], { cwd: edge, env: {} })
    child.stdout.destroy()
    let told = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text))
    const [status] = (await once(child, 'close')) as [number]
    expect({ status, told }).toEqual({ status: 0, told: '' })
  })

  it('computes from the bundle and the input alone what the owner can open', async () => {
    const answer = run('--input', 'input.npy', '--index', '1', '--out', 'out.result', '--json')
    expect(answer.stderr).toBe('')
    expect(answer.status).toBe(0)
    expect(JSON.parse(answer.stdout)).toMatchObject({ resultBytes: (await readFile(join(edge, 'out.result'))).length })
    const keysFolder = join(folder, 'keys')
    const opened = await decrypt({
      result: join(edge, 'out.result'),
      keysFolder,
      unlock: { passphrase },
      beyondBudget: true,
    })
    const expected = tinyOutput(pixels)
    expect(opened.label).toBe(expected.indexOf(Math.max(...expected)))
  })

  it.each([
    ['auto', 'relaxed-simd-f64'],
    ['simd-f64', 'simd-f64'],
    ['seal', 'node-seal'],
  ])('told %s, computes with %s and names it beforehand', async (choice, kind) => {
    const info = JSON.parse(call('info', 'tiny.sealed', '--evaluator', choice).stdout)
    expect(info.segments[0].evaluator).toMatchObject({ kind })
    const file = join(edge, `${choice}.result`)
    const answer = run('--input', 'input.npy', '--index', '1', '--out', file, '--evaluator', choice)
    expect(JSON.parse(answer.stdout)).toMatchObject({ evaluator: kind })
    const opened = await decrypt({
      result: file,
      keysFolder: join(folder, 'keys'),
      unlock: { passphrase },
      beyondBudget: true,
    })
    const expected = tinyOutput(pixels)
    expect(opened.label).toBe(expected.indexOf(Math.max(...expected)))
  })

  it.runIf(process.arch === 'x64')(
    'refuses the faster kernels by name on a processor without fused multiply-add',
    async () => {
      const without = (...args: string[]) =>
        spawnSync(process.execPath, ['--no-enable-fma3', entry, ...args], {
          cwd: edge,
          env: {},
          encoding: 'utf8',
          timeout: 60_000,
        })
      const input = ['--input', 'input.npy', '--index', '1']
      for (const threads of ['1', '2']) {
        const told = ['--evaluator', 'relaxed-simd-f64', '--threads', threads]
        const answer = without('run', 'tiny.sealed', ...input, '--out', 'x.result', ...told, '--json')
        expect(answer.stderr).toBe('')
        expect(JSON.parse(answer.stdout).error).toEqual({
          code: 'kernels-unsupported',
          message: expect.stringContaining('relaxed-simd-f64: the self-test'),
          hint: expect.stringContaining('--evaluator simd-f64'),
        })
        expect(answer.status).toBe(1)
      }
      const served = without('serve', 'tiny.sealed', '--port', '0', '--evaluator', 'relaxed-simd-f64', '--json')
      expect(JSON.parse(served.stdout).error.code).toBe('kernels-unsupported')
      expect(served.status).toBe(1)
      const other = without('run', 'tiny.sealed', ...input, '--out', 'without.result')
      expect(JSON.parse(other.stdout).evaluator).toBe('simd-f64')
    },
  )

  it('ends where it cannot serve', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const answer = call('serve', 'tiny.sealed', '--port', String(port), '--json')
    taken.close()
    expect(JSON.parse(answer.stdout).error.code).toBe('cannot-listen')
    expect(answer.status).toBe(1)
  })

  it.each([
    ['non-finite-pixels', ['--input', 'nan.npy', '--out', 'x.result']],
    ['file-not-found', ['--input', 'none.npy', '--out', 'x.result']],
    ['index-out-of-range', ['--input', 'input.npy', '--index', '2', '--out', 'x.result']],
    ['output-exists', ['--input', 'input.npy', '--out', 'input.npy']],
    ['not-writable', ['--input', 'input.npy', '--out', 'none/x.result']],
    ['bad-arguments', ['--input', 'input.npy', '--index', '-1', '--out', 'x.result']],
    ['bad-arguments', ['--input', 'input.npy']],
    ['bad-arguments', ['--unknown']],
  ])('says %s and leaves nothing', async (code, args) => {
    const answer = run(...args, '--json')
    expect(JSON.parse(answer.stdout)).toHaveProperty('error.code', code)
    expect(answer.status).toBe(1)
    expect((await readdir(edge)).filter((name) => name.includes('x.result'))).toEqual([])
  })
})
