import { spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { root, sealwright } from '../support/cli.ts'
import { mnist } from '../support/mnist.ts'
import { npyFile } from '../support/npy.ts'
import { tinyOnnx } from '../support/tiny-onnx.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealwright-cancel-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const env = { SEALWRIGHT_PASSPHRASE: 'correct horse battery staple' }

/** Sends Ctrl-C once `ready` holds. */
function interruptWhen(ready: () => boolean) {
  const started = (child: ChildProcess): void => {
    const timer = setInterval(() => {
      if (!ready()) return
      clearInterval(timer)
      child.kill('SIGINT')
    }, 20)
    child.once('close', () => clearInterval(timer))
  }
  return { started }
}

/** Processes that were started on files of this test's folder. */
const relatives = (): string[] =>
  spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter((line) => line.includes(folder))

describe('Ctrl-C', () => {
  it('during encryption leaves no file, no key and no process', async () => {
    const model = join(root, 'test', 'models', 'trained', 'mnist_cryptonets_relu.onnx')
    const [keys, out] = [join(folder, 'keys'), join(folder, 'out.sealed')]
    const encrypting = (): boolean => readdirSync(folder).some((name) => name.startsWith('out.sealed.part-'))
    const data = join(folder, 'few.npy')
    writeFileSync(data, npyFile([20, 1, 28, 28], mnist('train', 20).pixels))
    const args = ['--calibration', data, '--scale', '1/255', '--keys', keys, '--out', out]
    const run = await sealwright(['protect', model, ...args, '--min-kept', '0', '--json'], {
      env,
      ...interruptWhen(encrypting),
    })
    expect(run.json().error).toEqual({ code: 'cancelled', message: 'The work was cancelled.' })
    expect(run.code).toBe(130)
    expect(readdirSync(folder).sort()).toEqual(['few.npy', 'keys'])
    expect(readdirSync(keys)).toEqual([])
    expect(relatives()).toEqual([])
  })

  it('during a run ends the edge process', async () => {
    const [model, data, bundle] = ['tiny.onnx', 'x.npy', 'tiny.sealed'].map((name) => join(folder, name))
    writeFileSync(model, tinyOnnx())
    writeFileSync(
      data,
      npyFile(
        [64, 4, 4],
        Uint8Array.from({ length: 1024 }, (_, at) => (at * 37) % 256),
      ),
    )
    const files = ['--calibration', data, '--keys', join(folder, 'keys'), '--out', bundle]
    expect((await sealwright(['protect', model, ...files, '--scale', '1/255', '--min-kept', '0'], { env })).code).toBe(
      0,
    )
    const out = join(folder, 'x.result')
    const running = (): boolean => relatives().some((line) => line.includes(join('edge', 'main.ts')))
    const args = ['edge', 'run', bundle, '--input', data, '--out', out]
    const run = await sealwright(args, interruptWhen(running))
    expect(run).toMatchObject({ code: 130, stdout: '', stderr: expect.stringContaining('cancelled') })
    expect(existsSync(out)).toBe(false)
    expect(relatives()).toEqual([])
  })
})
