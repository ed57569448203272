import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildPackage } from '../../scripts/build-package.ts'
import { root } from '../support/cli.ts'

describe('a project that has the package in its node_modules', () => {
  let folder: string
  let program: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sealwright-consumer-'))
    const modules = join(folder, 'node_modules')
    const built = await buildPackage(join(modules, 'sealwright'))
    const { dependencies } = JSON.parse(await readFile(join(built, 'package.json'), 'utf8')) as {
      readonly dependencies: Readonly<Record<string, string>>
    }
    for (const name of [...Object.keys(dependencies), '@types/node']) {
      await mkdir(dirname(join(modules, name)), { recursive: true })
      await symlink(join(root, 'node_modules', name), join(modules, name))
    }
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    program = join(folder, 'program.ts')
    await copyFile(join(root, 'examples', 'protect-and-run', 'main.ts'), program)
  })
  afterAll(() => rm(folder, { recursive: true }))

  it.each([
    { moduleResolution: ts.ModuleResolutionKind.NodeNext, module: ts.ModuleKind.NodeNext },
    { moduleResolution: ts.ModuleResolutionKind.Bundler, module: ts.ModuleKind.ESNext },
  ])('finds its types, which are strict ($moduleResolution)', (resolution) => {
    // The declarations themselves are checked too: skipLibCheck is off.
    const options = { ...resolution, strict: true, noEmit: true, target: ts.ScriptTarget.ES2023, types: ['node'] }
    const host = ts.createCompilerHost(options)
    host.getCurrentDirectory = () => folder
    const found = ts.getPreEmitDiagnostics(ts.createProgram([program], options, host))
    expect(ts.formatDiagnostics(found, host)).toBe('')
  })

  it('runs it, the edge’s process included', async () => {
    const golden = (name: string): string => join(root, 'test', 'vectors', 'golden', 'squares', name)
    const args = [program, golden('network.onnx'), golden('inputs.npy'), golden('inputs.npy')]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toHaveProperty('label')
  })

  it('has the command', async () => {
    const command = join(folder, 'node_modules', 'sealwright', 'src-main', 'cli', 'sealwright.js')
    const { stdout } = await promisify(execFile)(process.execPath, [command, 'inspect', '--help'])
    expect(stdout).toContain('Usage: sealwright inspect')
  })
})
