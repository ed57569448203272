import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { follow } from '../../src-main/cli/follow.ts'
import { InternalError, UserError } from '../../src-main/core/errors.ts'
import { sealwright } from '../support/cli.ts'
import { tinyOnnx } from '../support/tiny-onnx.ts'

describe('a command that is followed', () => {
  let folder: string
  const at = (name: string): string => join(folder, name)
  const lines = async (name: string): Promise<Record<string, unknown>[]> =>
    (await readFile(at(name), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sealwright-follow-'))
    await writeFile(at('tiny.onnx'), tinyOnnx())
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    await rm(folder, { recursive: true })
  })

  it('tells its stages on stderr and in the trace, and stdout stays as it is', async () => {
    const plain = await sealwright(['inspect', 'tiny.onnx', '--json'], { cwd: folder })
    const args = ['inspect', 'tiny.onnx', '--json', '--verbose', '--trace', 'trace.jsonl']
    const followed = await sealwright(args, { cwd: folder })
    expect(followed.code).toBe(0)
    expect(followed.stdout).toBe(plain.stdout)
    expect(followed.stderr).toMatch(/^ +\d+\.\d s {2}inspect …\n$/)
    expect(await lines('trace.jsonl')).toEqual([
      { atMs: expect.any(Number), kind: 'stage', stage: 'inspect' },
      { atMs: expect.any(Number), kind: 'end', code: 'ok' },
    ])
    const again = await sealwright(args, { cwd: folder })
    expect(again.json().error).toMatchObject({ code: 'output-exists' })
    expect(await lines('trace.jsonl')).toHaveLength(2)
  })

  it('lists the instructions of a plan, with levels and scales', async () => {
    const args = ['plan', 'tiny.onnx', '--activation', '2', '--dump']
    const { code, stdout } = await sealwright(args, { cwd: folder })
    expect(code).toBe(0)
    expect(stdout).toMatch(/layer +instruction +primes +scale bits +parts/)
    const json = (await sealwright([...args, '--json'], { cwd: folder })).json() as {
      segments: { instructions: { out: number; op: string; primes: number; scaleBits: number }[] }[]
    }
    const { instructions } = json.segments[0]
    expect(stdout.split('\n').filter((line) => / %\d+ = /.test(line))).toHaveLength(instructions.length)
    for (const { out, op, primes, scaleBits } of instructions) {
      expect(stdout).toMatch(new RegExp(` %${out} = ${op} .* ${primes} +${scaleBits.toFixed(2)} `))
    }
  })

  it('tells how it failed, with stack and causes', async () => {
    const told: string[] = []
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => told.push(String(text)) > 0)
    const { end } = await follow({ verbose: true, trace: at('trace.jsonl') })
    end(new UserError('not-writable', 'It cannot be written.', { cause: new InternalError('below it') }))
    expect(told.join('')).toMatch(/It cannot be written\.\n +at [^]*below it\n +at /)
    expect((await lines('trace.jsonl')).at(-1)).toMatchObject({ kind: 'end', code: 'not-writable' })
  })

  it('tells steps of a stage once a second at most, and the last one always; the trace has all', async () => {
    const told: string[] = []
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => told.push(String(text)) > 0)
    let nowMs = 0
    const { listen } = await follow({ verbose: true, trace: at('trace.jsonl') }, () => nowMs)
    for (let done = 1; done <= 25; done++) {
      nowMs = done * 100
      listen({ kind: 'step', stage: 'encrypt', done, total: 25 })
    }
    expect(told.map((line) => / (\d+)\/25/.exec(line)?.[1])).toEqual(['1', '11', '21', '25'])
    expect(await lines('trace.jsonl')).toHaveLength(25)
  })

  it('does not begin where the trace cannot be written', async () => {
    const run = await sealwright(['inspect', 'tiny.onnx', '--json', '--trace', 'absent/trace.jsonl'], { cwd: folder })
    expect(run.code).toBe(1)
    expect(run.json().error).toMatchObject({ code: 'not-writable' })
  })
})
