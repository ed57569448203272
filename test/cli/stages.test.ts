import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runLayers } from '../../src-main/core/network/run-layers.ts'
import { normalise } from '../../src-main/core/normalise/normalise.ts'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { asset, sealwright, type CliRun } from '../support/cli.ts'
import { npyFile } from '../support/npy.ts'
import { tinyOnnx } from '../support/tiny-onnx.ts'

const SAMPLES = 256
let folder: string
let pixels: Uint8Array
let labels: Uint8Array

const run = (...args: string[]): Promise<CliRun> => sealwright([...args, '--json'], { cwd: folder })

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealwright-stages-'))
  writeFileSync(join(folder, 'tiny.onnx'), tinyOnnx())
  pixels = Uint8Array.from(
    { length: SAMPLES * 16 },
    (_, at) => Math.floor(Math.abs(Math.sin(at * 12.9898) * 43758.5453) * 256) % 256,
  )
  writeFileSync(join(folder, 'x.npy'), npyFile([SAMPLES, 1, 4, 4], pixels))
  const model = normalise(readOnnx(tinyOnnx()))
  labels = Uint8Array.from({ length: SAMPLES }, (_, sample) => {
    const scores = runLayers(
      model,
      Float64Array.from(pixels.subarray(sample * 16, sample * 16 + 16), (value) => value / 255),
    )
    return scores.indexOf(Math.max(...scores))
  })
  writeFileSync(join(folder, 'y.npy'), npyFile([SAMPLES], labels))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the stages on the command line', () => {
  it('inspect tells layers, depth, parameters and an estimate', async () => {
    const { code, json } = await run('inspect', asset('lenet5.onnx'))
    expect(code).toBe(0)
    const report = json()
    expect(report).toMatchObject({
      supported: true,
      unsupported: [],
      depth: 9,
      inputShape: [1, 28, 28],
      finish: 'none',
    })
    const layers = report.layers as { operator: string; parameters: number }[]
    expect(layers.filter(({ operator }) => operator === 'Conv').map(({ parameters }) => parameters)).toEqual([
      156, 2416,
    ])
    expect(report.estimate).toMatchObject({ segments: 1, polyModulusDegree: 16384, logQP: expect.any(Number) })
  })

  it('inspect says how a network that is too deep for one segment can be deployed', async () => {
    // Activations that follow each other are left to the owner together.
    const activations = Array.from({ length: 40 }, (_, i) => ['Sigmoid', 'Tanh'][i % 2])
    writeFileSync(join(folder, 'deep.onnx'), tinyOnnx(activations))
    const { code, json } = await run('inspect', 'deep.onnx')
    expect(code).toBe(0)
    const exact = {
      bundleBytes: expect.any(Number),
      edgeSeconds: expect.any(Number),
      edgeMemoryBytes: expect.any(Number),
    }
    expect(json().estimate).toEqual({ problem: expect.stringContaining('42 levels'), exactSegments: 2, exact })
    // The same deployment, planned.
    const planned = (await run('plan', 'deep.onnx', '--split', 'exact')).json()
    const { least, most } = (planned.forecast as { bundleBytes: { least: number; most: number } }).bundleBytes
    const told = (json().estimate as { exact: { bundleBytes: number } }).exact.bundleBytes
    expect(told).toBeGreaterThan(0.8 * least)
    expect(told).toBeLessThan(1.2 * most)
    const { stdout } = await sealwright(['inspect', 'deep.onnx'], { cwd: folder })
    expect(stdout).toMatch(/with every activation exact there are 2 segments: about .*B, .* on two threads/)
  })

  it('approximate writes the polynomials as ONNX, and says what it tried', async () => {
    const files = ['--calibration', 'x.npy', '--out', 'approx.onnx']
    const auto = (...more: string[]): Promise<CliRun> =>
      run('approximate', 'tiny.onnx', ...files, '--scale', '1/255', '--activation', 'auto', ...more)
    const easy = (await auto('--target', '0.9')).json()
    expect(easy).toMatchObject({ depth: 3, layers: [{ original: 'Relu', degree: 2 }], frontier: [{ depth: 3 }] })
    const hard = (await auto('--target', '1', '--force')).json()
    const deeper = [4, 8].map((degree, i) => ({ depth: 4 + i, degrees: { relu_2: degree } }))
    expect(hard.frontier).toMatchObject([{ depth: 3 }, ...deeper])
    const operators = readOnnx(readFileSync(join(folder, 'approx.onnx'))).nodes.map(({ operator }) => operator)
    expect(operators).toContain('Mul')
    expect(operators).not.toContain('Relu')
    expect((await run('approximate', 'tiny.onnx', ...files)).json().error?.code).toBe('output-exists')
  })

  it('validate compares the three networks and writes a page', async () => {
    const files = ['--data', 'x.npy', '--labels', 'y.npy', '--calibration', 'x.npy', '--html', 'report.html']
    const { code, json, stdout } = await run('validate', 'tiny.onnx', ...files, '--scale', '1/255', '--encrypted', '3')
    expect(code, stdout).toBe(0)
    const report = json() as {
      original: object
      polynomial: { agreement: number }
      encrypted: object
      layers: object[]
    }
    expect(report.original).toMatchObject({ accuracy: 1 })
    expect(report.polynomial.agreement).toBeGreaterThan(0.95)
    expect(report.encrypted).toMatchObject({ samples: 3, agreementWithPolynomial: 1 })
    expect(report.layers).toHaveLength(1)
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('</html>')
  })

  it('validate refuses labels that do not fit', async () => {
    writeFileSync(join(folder, 'short.npy'), npyFile([3], labels.slice(0, 3)))
    const files = ['--data', 'x.npy', '--labels', 'short.npy', '--calibration', 'x.npy']
    expect((await run('validate', 'tiny.onnx', ...files, '--scale', '1/255')).json().error?.code).toBe('bad-labels')
  })

  it('protect tells what the network keeps, and the command that comes next', async () => {
    const files = ['--calibration', 'x.npy', '--scale', '1/255', '--keys', 'keys', '--out', 'tiny.sealed']
    const { code, stdout } = await sealwright(['protect', 'tiny.onnx', ...files], {
      cwd: folder,
      env: { SEALWRIGHT_PASSPHRASE: 'a passphrase for a test' },
    })
    expect(code, stdout).toBe(0)
    expect(stdout).toMatch(/^keeps +\d.*% of the labels/m)
    expect(stdout).toMatch(/^next +sealwright edge run .*tiny\.sealed --input FILE --out FILE\.result$/m)
  })

  it('plan counts what an inference takes, with and without calibration', async () => {
    const bare = (await run('plan', 'tiny.onnx')).json()
    const fitted = (
      await run('plan', 'tiny.onnx', '--calibration', 'x.npy', '--scale', '1/255', '--input', 'plain')
    ).json()
    for (const { segments } of [bare, fitted]) {
      expect(segments).toMatchObject([
        { polyModulusDegree: 8192, layers: [{ kind: 'linear' }, { kind: 'square' }, { kind: 'linear' }] },
      ])
    }
  })
})
