import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { decodeResult } from '../../src-main/core/bundle/result.ts'
import { sha256 } from '../../src-main/files/sha256.ts'
import { exportTiny, temporaryFolder } from '../owner/exported.ts'
import { npy } from './npy.ts'

const entry = resolve('src-main/edge/main.ts')
/** Of the kernel's limit on the size of files, in units of 512 bytes: less than half of a result. */
const TOO_LITTLE = 16

describe('an edge run that is disturbed', () => {
  let folder: string
  let out: string

  beforeAll(async () => {
    folder = await temporaryFolder()
    await exportTiny(folder)
    await writeFile(join(folder, 'input.npy'), npy([0.3, -0.8, 1.5, 0.6]))
  })
  beforeEach(async () => {
    out = join(folder, 'out')
    await rm(out, { recursive: true, force: true })
    await mkdir(out)
  })
  afterAll(() => rm(folder, { recursive: true }))

  const command = (...args: string[]) => [
    ...[entry, 'run', join(folder, 'tiny.sealed'), '--input', join(folder, 'input.npy')],
    ...['--out', join(out, 'a.result'), '--json', ...args],
  ]
  const start = () => {
    const child = spawn(process.execPath, command(), { stdio: ['ignore', 'pipe', 'ignore'] })
    return { child, ended: once(child, 'close') as Promise<[number | null, string | null]> }
  }
  const isWhole = async () => {
    const { ciphertexts } = decodeResult(await readFile(join(out, 'a.result')), sha256)
    return ciphertexts.length === 1
  }

  it('says disk-full, leaves nothing, and keeps what was there', async () => {
    await writeFile(join(out, 'a.result'), 'old')
    const limited = `trap '' XFSZ; ulimit -f ${TOO_LITTLE}; exec "$0" "$@"`
    const answer = spawnSync('sh', ['-c', limited, process.execPath, ...command('--force')], { encoding: 'utf8' })
    expect(JSON.parse(answer.stdout)).toHaveProperty('error.code', 'disk-full')
    expect(answer.status).toBe(1)
    expect(await readdir(out)).toEqual(['a.result'])
    expect(await readFile(join(out, 'a.result'), 'utf8')).toBe('old')
  })

  it.each(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)('leaves nothing or a whole result after %s', async (signal) => {
    const { child, ended } = start()
    setTimeout(() => child.kill(signal), 400)
    await ended
    const left = await readdir(out)
    if (left.includes('a.result')) expect(await isWhole()).toBe(true)
    // A killed process cannot tidy up; the next that writes here does.
    if (signal !== 'SIGKILL') expect(left.filter((name) => name !== 'a.result')).toEqual([])
    await rm(join(out, 'a.result'), { force: true })
    expect((await start().ended)[0]).toBe(0)
    expect(await readdir(out)).toEqual(['a.result'])
    expect(await isWhole()).toBe(true)
  })

  it('lets one of two that write to one path win, and the other says so', async () => {
    const runs = [start(), start()]
    const outputs = await Promise.all(runs.map(({ child }) => text(child.stdout)))
    const codes = outputs.map((output) => (JSON.parse(output) as { error?: { code: string } }).error?.code)
    expect(codes.sort()).toEqual(['output-exists', undefined])
    expect(await readdir(out)).toEqual(['a.result'])
    expect(await isWhole()).toBe(true)
  })
})
