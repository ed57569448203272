import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pairs, table } from '../../src-main/cli/table.ts'
import { errorText } from '../../src-main/cli/terminal.ts'
import { printable, printableJson, printableName } from '../../src-main/core/printable.ts'
import { ModelMessage } from '../../src-main/core/onnx/schema.ts'
import { root, sealwright } from '../support/cli.ts'
import { tinyOnnx } from '../support/tiny-onnx.ts'

/** Clears the screen, rings, moves the cursor by a C1 control, turns the direction, and starts a line of its own. */
const hostile = 'conv\u001b[2J\u0007\u009b2A\u202e\u2066\r\nprotectable  yes'
const acting = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u

describe('what reaches the terminal', () => {
  let folder: string
  let model: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sealwright-terminal-'))
    model = join(folder, 'hostile.onnx')
    const graph = ModelMessage.toObject(ModelMessage.decode(tinyOnnx(['Relu', 'Mystery'])), { longs: Number })
    for (const node of graph.graph.node) node.name = `${node.name}${hostile}`
    graph.producerName = hostile
    graph.graph.name = hostile
    await writeFile(model, ModelMessage.encode(ModelMessage.fromObject(graph)).finish())
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('holds no character that it would act on, whatever a network is called', async () => {
    for (const args of [
      ['inspect', model],
      ['inspect', model, '--json'],
      ['plan', model],
      ['protect', model, '--calibration', join(root, 'assets', 'calibration.npz'), '--keys', folder, '--out', folder],
    ]) {
      const { stdout, stderr } = await sealwright(args, { env: { SEALWRIGHT_PASSPHRASE: 'correct horse' } })
      for (const line of `${stdout}\n${stderr}`.split('\n')) expect(line).not.toMatch(acting)
      if (args[0] === 'inspect') expect(stdout).toContain('\\u001b[2J')
      expect(stdout.split('\n')).not.toContain('protectable  yes')
    }
    const { stdout } = await sealwright(['inspect', model, '--json'])
    expect(JSON.parse(stdout).layers.at(-1).name).toContain(hostile)
  })

  it('is the same from the edge', () => {
    const args = ['src-main/edge/main.ts', 'info', `${folder}/${hostile.replace('\n', '')}`]
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
    for (const line of `${stdout}\n${stderr}`.split('\n')) expect(line).not.toMatch(acting)
    expect(stderr).toContain('\\u001b[2J')
  })

  it('is what it was where nothing acts, and as JSON always means the same', () => {
    expect(printable('Größe 28 × 28 → ✓\n')).toBe('Größe 28 × 28 → ✓\n')
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text).replaceAll('\n', '')).not.toMatch(acting)
        expect(printableName(text)).not.toMatch(acting)
        expect(JSON.parse(printableJson({ text }))).toEqual({ text })
        expect(printableJson({ text })).not.toMatch(acting)
        for (const shown of [table(['a'], [[text]]), pairs([['a', text]])]) {
          expect(shown.split('\n').every((line) => !acting.test(line))).toBe(true)
        }
      }),
    )
    expect(errorText({ code: 'x', message: 'No.', where: { node: 'a\nb' } }).split('\n')).toHaveLength(3)
  })

  it('passes through one place', () => {
    const folders = ['cli', 'cli/commands'].map((name) => join(root, 'src-main', name))
    const printing = folders.flatMap((path) =>
      readdirSync(path)
        .filter((name) => name.endsWith('.ts') && !['print.ts', 'passphrase.ts'].includes(name))
        .filter((name) => /console\.|process\.std(out|err)\.write/.test(readFileSync(join(path, name), 'utf8'))),
    )
    expect(printing).toEqual([])
  })
})
