import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sealwright, type CliOptions, type CliRun } from '../support/cli.ts'
import { npyFile } from '../support/npy.ts'
import { tinyOnnx } from '../support/tiny-onnx.ts'

const passphrase = 'correct horse battery staple'
let folder: string

const put = (name: string, bytes: Uint8Array | string): string => {
  writeFileSync(join(folder, name), bytes)
  return name
}
const run = (args: readonly string[], options: CliOptions = {}): Promise<CliRun> =>
  sealwright([...args, '--json'], { cwd: folder, env: { SEALWRIGHT_PASSPHRASE: passphrase }, ...options })

const protect = (
  changes: { model?: string; calibration?: string; keys?: string; out?: string; more?: string[] } = {},
  options?: CliOptions,
) => {
  const {
    model = 'tiny.onnx',
    calibration = 'x.npy',
    keys = 'refused-keys',
    out = 'refused.sealed',
    more = [],
  } = changes
  const files = ['--calibration', calibration, '--keys', keys, '--out', out]
  return run(['protect', model, ...files, '--scale', '1/255', '--min-kept', '0', ...more], options)
}
const edge = (bundle: string, input = 'x.npy', more: string[] = []): Promise<CliRun> =>
  run(['edge', 'run', bundle, '--input', input, '--out', 'refused.result', ...more])
const open = (result: string, keys = 'keys', options?: CliOptions): Promise<CliRun> =>
  run(['decrypt', result, '--keys', keys, '--beyond-budget'], options)

/** 64 images of 4 × 4 pixels. */
function pixels(change?: (values: Float32Array) => void, dims = [64, 1, 4, 4]): Uint8Array {
  const values = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, at) => (at * 2654435761) % 256)
  change?.(values)
  return npyFile(dims, values)
}

/** The command failed as a mistake of the person's, and left nothing behind. */
function expectRefusal({ code, json, stderr }: CliRun, error: object): void {
  expect(json().error).toMatchObject({ message: expect.stringMatching(/\.$/), ...error })
  expect(code).toBe(1)
  expect(stderr).toBe('')
  expect(readdirSync(folder).filter((name) => name.startsWith('refused'))).toEqual([])
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sealwright-bad-input-'))
  put('tiny.onnx', tinyOnnx())
  put('x.npy', pixels())
  const exported = await protect({ keys: 'keys', out: 'tiny.sealed' })
  expect(exported.code, exported.stdout).toBe(0)
  const ran = await run(['edge', 'run', 'tiny.sealed', '--input', 'x.npy', '--index', '3', '--out', 'tiny.result'])
  expect(ran.code, ran.stdout).toBe(0)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the network', () => {
  it.each([
    ['not-onnx', 'text.onnx', () => Buffer.from('This is a text.')],
    ['file-empty', 'empty.onnx', () => new Uint8Array()],
    ['not-onnx', 'cut.onnx', () => tinyOnnx().subarray(0, 300)],
  ])('%s: %s', async (code, name, bytes) => {
    const model = put(name, bytes())
    const where = { file: join(folder, name) }
    expectRefusal(await run(['inspect', model]), { code, where })
    expectRefusal(await protect({ model }), { code, where })
  })

  it('is refused with every unsupported node by name', async () => {
    const model = put('det.onnx', tinyOnnx(['Det', 'Relu', 'Bernoulli']))
    const inspected = await run(['inspect', model])
    expect(inspected.code).toBe(1)
    expect(inspected.json()).toMatchObject({
      supported: false,
      unsupported: [
        { node: 'act0', operator: 'Det', reason: expect.any(String) },
        { node: 'act2', operator: 'Bernoulli', reason: expect.any(String) },
      ],
    })
    const refused = await protect({ model })
    expectRefusal(refused, { code: 'unsupported-operators', message: expect.stringMatching(/act0.*act2/s) })
  })

  it('cannot be opened where there is none', async () => {
    expectRefusal(await protect({ model: 'absent.onnx' }), { code: 'file-not-found' })
  })
})

describe('the data', () => {
  it('has another shape than the network takes', async () => {
    const calibration = put('shape.npy', pixels(undefined, [64, 3, 5, 5]))
    const message = expect.stringMatching(/\[64, 3, 5, 5\].*\[1, 4, 4\]/)
    expectRefusal(await protect({ calibration }), { code: 'wrong-shape', message })
    expectRefusal(await edge('tiny.sealed', calibration), { code: 'wrong-shape', message })
  })

  it.each([
    ['NaN', Number.NaN, 'non-finite-pixels'],
    ['infinity', Infinity, 'non-finite-pixels'],
    ['a value that no sensor gives', 1e30, 'input-out-of-range'],
  ])('holds %s', async (_, bad, code) => {
    const calibration = put(
      'bad.npy',
      pixels((values) => (values[5 * 16 + 6] = bad)),
    )
    const error = { code, message: expect.stringMatching(/\[5\].*row 1, column 2/) }
    expectRefusal(await protect({ calibration }), error)
    expectRefusal(await edge('tiny.sealed', calibration, ['--index', '5']), error)
  })

  it('would be divided by nothing', async () => {
    expectRefusal(await protect({ more: ['--std', '0'] }), { code: 'bad-preprocessing' })
  })

  it('has no such sample', async () => {
    expectRefusal(await edge('tiny.sealed', 'x.npy', ['--index', '64']), { code: 'index-out-of-range' })
  })
})

describe('the plan', () => {
  const plan = {
    format: 'sealwright-plan-1',
    degree: 2,
    degrees: {},
    splitPools: false,
    split: { by: 'cuts', cuts: [] },
  }
  const planned = (changes: object, more: string[] = []) => {
    put('plan.json', JSON.stringify({ ...plan, ...changes }))
    return protect({ more: ['--plan', 'plan.json', ...more] })
  }

  it('is of another network', async () => {
    const where = { layer: 'relu_9' }
    expectRefusal(await planned({ degrees: { relu_9: 4 } }), { code: 'unknown-activation', where })
    const split = { by: 'cuts', cuts: [{ after: 'relu_9', kind: 'exact' }] }
    expectRefusal(await planned({ split }), { code: 'not-a-cut-point', where })
  })

  it('says something else than the options', async () => {
    for (const more of [['--activation', '4'], ['--split', 'auto'], ['--split-pools']]) {
      const message = `${more[0]} and --plan both say how the network is approximated or split.`
      expectRefusal(await planned({}, more), { code: 'bad-arguments', message })
    }
    expectRefusal(await planned({ input: 'plain' }, ['--input', 'encrypted']), { code: 'bad-arguments' })
  })

  it('does not exist within the limits: what comes nearest is named, and nothing written', async () => {
    const advise = ['advise', 'tiny.onnx', '--calibration', 'x.npy', '--scale', '1/255', '--input', 'plain']
    const run = await sealwright([...advise, '--max-bundle', '1k', '--out', 'refused.json'], { cwd: folder })
    expect(run.code).toBe(1)
    expect(run.stdout).toMatch(
      /No deployment is within these limits, and .*refused.json was not written. Nearest:\n {2}\S/,
    )
    expect(existsSync(join(folder, 'refused.json'))).toBe(false)
  })
})

describe('the bundle', () => {
  it('has one flipped byte, anywhere', async () => {
    const intact = readFileSync(join(folder, 'tiny.sealed'))
    for (const part of [0.1, 0.5, 0.999]) {
      const flipped = Buffer.from(intact)
      flipped[Math.floor(part * intact.length)] ^= 1
      expectRefusal(await edge(put('flipped.sealed', flipped)), { code: 'damaged-bundle' })
    }
  })

  it('is cut off', async () => {
    copyFileSync(join(folder, 'tiny.sealed'), join(folder, 'cut.sealed'))
    truncateSync(join(folder, 'cut.sealed'), 1_000_000)
    expectRefusal(await edge('cut.sealed'), { code: 'damaged-bundle' })
  })

  it('is something else', async () => {
    expectRefusal(await edge('tiny.onnx'), { code: 'damaged-bundle' })
    expectRefusal(await edge('absent.sealed'), { code: 'file-not-found' })
  })
})

describe('the result', () => {
  it('opens with the right keys', async () => {
    expect((await open('tiny.result')).json().label).toBeTypeOf('number')
  })

  it('is of another bundle', async () => {
    expect((await protect({ keys: 'other-keys', out: 'other.sealed' })).code).toBe(0)
    expectRefusal(await open('tiny.result', 'other-keys'), { code: 'result-of-another-bundle' })
  })

  it('is damaged', async () => {
    const flipped = readFileSync(join(folder, 'tiny.result'))
    flipped[flipped.length - 1000] ^= 1
    expectRefusal(await open(put('flipped.result', flipped)), { code: 'damaged-result' })
    expectRefusal(await open('tiny.onnx'), { code: 'damaged-result' })
  })
})

describe('the passphrase', () => {
  it('is wrong, which changes nothing', async () => {
    const wrong = { env: { SEALWRIGHT_PASSPHRASE: 'wrong' } }
    expectRefusal(await open('tiny.result', 'keys', wrong), { code: 'wrong-passphrase' })
    expect((await open('tiny.result')).code).toBe(0)
  })

  it('is missing, empty or in a file', async () => {
    expectRefusal(await open('tiny.result', 'keys', { env: {} }), { code: 'passphrase-needed' })
    expectRefusal(await open('tiny.result', 'keys', { env: { SEALWRIGHT_PASSPHRASE: '' } }), {
      code: 'passphrase-empty',
    })
    const file = put('passphrase.txt', `${passphrase}\n`)
    const opened = await run(
      ['decrypt', 'tiny.result', '--keys', 'keys', '--passphrase-file', file, '--beyond-budget'],
      { env: {} },
    )
    expect(opened.code).toBe(0)
  })
})

describe('the output', () => {
  it('exists, and is replaced only with --force', async () => {
    writeFileSync(join(folder, 'kept.sealed'), 'the old one')
    expectRefusal(await protect({ out: 'kept.sealed' }), {
      code: 'output-exists',
      hint: expect.stringContaining('--force'),
    })
    expect(readFileSync(join(folder, 'kept.sealed'), 'utf8')).toBe('the old one')
    expect((await protect({ keys: 'keys', out: 'kept.sealed', more: ['--force'] })).code).toBe(0)
    expect(readFileSync(join(folder, 'kept.sealed')).length).toBeGreaterThan(1_000_000)
  })

  it('has no folder', async () => {
    expectRefusal(await protect({ out: 'absent/tiny.sealed' }), { code: 'not-writable' })
  })

  it('fills the disk: the kernel limits the size of files here, which fails a write half-way as a full disk does', async () => {
    mkdirSync(join(folder, 'full'))
    const refused = await protect({ keys: 'full/keys', out: 'full/tiny.sealed' }, { fileLimitKiB: 1000 })
    expectRefusal(refused, { code: 'disk-full' })
    const left = readdirSync(join(folder, 'full'), { recursive: true })
    expect(left.filter((name) => name !== 'keys')).toEqual([])
    expect(existsSync(join(folder, 'full', 'tiny.sealed'))).toBe(false)
  })
})
