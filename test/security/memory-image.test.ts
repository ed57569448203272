import { spawn, type ChildProcess } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { UnlockedKeyStore } from '../../src-main/owner/unlocked-key-store.ts'
import { tinyNetwork } from '../bundle/tiny-plan.ts'
import { npy } from '../edge/npy.ts'
import { exportTiny, passphrase, temporaryFolder } from '../owner/exported.ts'

/** Linux shows a process's memory as a file: the same bytes as in a core dump. */
describe.runIf(process.platform === 'linux')('the memory of an edge process', () => {
  let folder: string
  let edge: ChildProcess
  let logged = ''
  const pixels = [0.30517578125, -0.8125, 1.5, 0.625]

  beforeAll(async () => {
    folder = await temporaryFolder()
    await exportTiny(folder)
    const args = [resolve('src-main/edge/main.ts'), 'serve', 'tiny.sealed', '--port', '0', '--threads', '1']
    edge = spawn(process.execPath, args, { cwd: folder, env: {}, stdio: ['ignore', 'pipe', 'pipe'] })
    const url = await new Promise<string>((found) => {
      for (const stream of [edge.stdout!, edge.stderr!]) {
        stream.on('data', (chunk) => {
          logged += chunk
          const match = /"url":"([^"]+)"/.exec(logged)
          if (match) found(match[1])
        })
      }
    })
    const headers = { 'content-type': 'application/x-npy' }
    const answer = await fetch(`${url}/v1/run`, { method: 'POST', body: Buffer.from(npy(pixels)), headers })
    expect(answer.status).toBe(200)
  })
  afterAll(async () => {
    edge.kill('SIGKILL')
    await rm(folder, { recursive: true })
  })

  /** Which of the needles occur in any mapping that the process can write. */
  async function findInMemory(needles: readonly Buffer[]): Promise<Set<Buffer>> {
    const found = new Set<Buffer>()
    const overlap = Math.max(...needles.map((needle) => needle.length))
    const maps = await readFile(`/proc/${edge.pid}/maps`, 'utf8')
    for (const [, from, to, name] of maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw\S+ \S+ \S+ \S+ *(.*)$/gm)) {
      if (name.startsWith('[v')) continue
      const range = { start: Number.parseInt(from, 16), end: Number.parseInt(to, 16) - 1, highWaterMark: 2 ** 24 }
      let tail = Buffer.alloc(0)
      try {
        for await (const chunk of createReadStream(`/proc/${edge.pid}/mem`, range)) {
          const bytes = Buffer.concat([tail, chunk as Buffer])
          for (const needle of needles) if (bytes.includes(needle)) found.add(needle)
          tail = bytes.subarray(-overlap)
        }
      } catch (error) {
        // Reserved pages that were never touched cannot be read.
        if ((error as NodeJS.ErrnoException).code !== 'EIO') throw error
      }
    }
    return found
  }

  it('holds its own input, but neither the secret key nor a weight, and logs neither', async () => {
    const keys = new UnlockedKeyStore(join(folder, 'keys'), { passphrase })
    const [{ id }] = await keys.store.list()
    const secret = Buffer.from(await keys.readSecret(id, 'secret-0'))
    const signing = await keys.readSecret(id, 'signing-key')
    const { plan, weightVectors } = tinyNetwork()
    const weights = plan.weights.flatMap((_, index) => [...weightVectors(index).subarray(1, 3)])
    const forbidden = [
      ...[0, 4].map((prime) => secret.subarray(2000 + prime * 65536, 2032 + prime * 65536)),
      Buffer.from(signing.subarray(40, 120)),
      ...weights.map((weight) => Buffer.from(Float64Array.of(weight).buffer)),
    ]
    const control = Buffer.from(Float64Array.from(pixels).buffer)
    const found = await findInMemory([control, ...forbidden])
    expect(found.has(control)).toBe(true)
    expect(forbidden.filter((needle) => found.has(needle))).toEqual([])
    for (const needle of forbidden) expect(Buffer.from(logged, 'latin1').includes(needle)).toBe(false)
  })
})
