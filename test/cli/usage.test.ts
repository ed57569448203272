import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root, sealwright } from '../support/cli.ts'

const COMMANDS = ['inspect', 'protect', 'edge run', 'decrypt', 'demo']

/** A Node on the PATH that is too old for node-seal, if there is one. */
const oldNode = (process.env.PATH ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'node'))
  .filter((path) => existsSync(path))
  .find((path) => Number(execFileSync(path, ['-p', 'process.versions.node.split(".")[0]'])) < 22)

describe('usage', () => {
  it.each(COMMANDS)('%s --help shows examples and --json', async (command) => {
    const run = await sealwright([...command.split(' '), '--help'])
    expect(run).toMatchObject({ code: 0, stderr: '' })
    expect(run.stdout).toContain(`$ sealwright ${command}`)
    expect(run.stdout).toContain('--json')
    // Defaults are said in words, and so is what has to be given.
    if (command === 'edge run') expect(run.stdout).toMatch(/--input <data>[^-]*\(required\)/)
    expect(run.stdout).not.toMatch(/--json[^-]*\(required\)/)
    expect(run.stdout).not.toMatch(/default: [[{]/)
  })

  it('lists every command and tells its version', async () => {
    const help = await sealwright(['--help'])
    for (const command of COMMANDS) expect(help.stdout).toMatch(new RegExp(`^  ${command.split(' ')[0]} `, 'm'))
    expect((await sealwright(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it.each([[], ['keys'], ['edge']])('%j alone shows its help', async (...args: string[]) => {
    const run = await sealwright(args)
    expect(run).toMatchObject({ code: 0, stderr: '' })
    expect(run.stdout).toMatch(/^Usage: sealwright/)
    expect(run.stdout).not.toContain('(outputHelp)')
  })

  it('ends quietly when whoever reads its output has gone', async () => {
    const run = await sealwright(['--help'], { started: (child) => child.stdout!.destroy() })
    expect(run).toMatchObject({ code: 0, stderr: '' })
  })

  it.each([
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['inspect'], "missing required argument 'model'"],
    [['inspect', 'a.onnx', '--sacle', '1'], "unknown option '--sacle'"],
    [['protect', 'a.onnx'], '--calibration'],
    [['protect', 'a.onnx', '--scale', 'one'], 'A number is expected'],
    [['edge', 'run', 'a.sealed', '--input', 'x.npy', '--out', 'y', '--threads', '0'], 'above 0'],
  ])('%j is refused as a mistake in usage', async (args, message) => {
    const text = await sealwright(args)
    expect(text.code).toBe(1)
    expect(text.stderr).toContain(message)
    expect(text.stdout).toBe('')
    const json = await sealwright([...args, '--json'])
    expect(json.code).toBe(1)
    expect(json.json().error).toMatchObject({ code: 'usage', message: expect.stringContaining(message) })
  })

  it.runIf(oldNode)('goes on under the Node of the project when an older one starts it', async () => {
    const run = await sealwright(['inspect', 'absent.onnx', '--json'], { node: oldNode })
    expect(run.code).toBe(1)
    expect(run.json().error?.code).toBe('file-not-found')
  })

  it('finds files where the person stands, also through npm', async () => {
    const args = ['run', '-s', 'sealwright', '--', 'inspect', '7.png', '--json']
    const options = { cwd: join(root, 'assets', 'digits'), encoding: 'utf8' } as const
    const output = (() => {
      try {
        return execFileSync('npm', args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
      } catch (error) {
        return (error as { stdout: string }).stdout
      }
    })()
    expect(JSON.parse(output)).toMatchObject({
      error: { code: 'not-onnx', where: { file: join(options.cwd, '7.png') } },
    })
  })
})
