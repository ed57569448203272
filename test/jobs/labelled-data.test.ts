import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ModelMessage } from '../../src-main/core/onnx/schema.ts'
import type { ProgressEvent } from '../../src-main/core/progress.ts'
import { decodePicture } from '../../src-main/data/picture/decode-picture.ts'
import { approximate } from '../../src-main/jobs/approximate.ts'
import { PRESETS } from '../../src-main/jobs/presets.ts'
import { preview } from '../../src-main/jobs/preview.ts'
import { protect } from '../../src-main/jobs/protect.ts'
import { reportText, validate } from '../../src-main/jobs/validate.ts'
import { KeyStore } from '../../src-main/owner/key-store.ts'
import { model, node } from '../onnx/small-model.ts'
import { writePng } from '../support/png.ts'

/** Dark, middle and light by the mean of four pixels from 0 to 1: bytes as they are stored are all light. */
const brightness = model(
  ['N', 1, 2, 2],
  [node('Flatten', 'x', 'f'), node('Relu', 'f', 'r'), node('Gemm', 'r w b', 'scores')],
  {
    w: { shape: [4, 3], values: [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2].map((slope) => slope / 4) },
    b: { shape: [3], values: [0, -0.35, -1] },
  },
)

function withNames(names: string): Uint8Array {
  const proto = ModelMessage.decode(brightness) as unknown as { metadataProps: object[] }
  proto.metadataProps.push({ key: 'names', value: names })
  return ModelMessage.encode(proto as never).finish()
}

describe('labelled pictures', () => {
  let folder: string
  let images: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sealwright-labelled-'))
    images = join(folder, 'images')
    const classes = { dark: 30, mid: 120, light: 230 }
    for (const [name, gray] of Object.entries(classes)) {
      mkdirSync(join(images, name), { recursive: true })
      for (let i = 0; i < 20; i++) {
        const samples = [gray + i, gray - i, gray + (i % 7), gray]
        writeFileSync(
          join(images, name, `${i}.png`),
          writePng({ width: 2, height: 2, bitDepth: 8, colourType: 0, samples }),
        )
      }
    }
    writeFileSync(join(folder, 'plain.onnx'), brightness)
    writeFileSync(join(folder, 'named.onnx'), withNames("{0: 'dark', 1: 'mid', 2: 'light'}"))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const request = (file: string, changes: object = {}) => ({
    model: join(folder, file),
    data: images,
    calibration: images,
    preprocessing: PRESETS.unit,
    degree: 2 as const,
    tuningEpochs: 0,
    encrypted: 0,
    force: false,
    ...changes,
  })
  const silent = { progress: () => {} }

  it('have the classes of their folders, found by name among the model’s', async () => {
    const report = await validate(request('named.onnx'), silent)
    expect(report.original).toEqual({
      computedBy: 'ONNX Runtime',
      accuracy: 1,
      confusion: [
        [20, 0, 0],
        [0, 20, 0],
        [0, 0, 20],
      ],
    })
    expect(report.classes.map(({ labelName }) => labelName)).toEqual(['dark', 'mid', 'light'])
  })

  it('are told where they are calibration samples too, which says too much good of the polynomials', async () => {
    const both = /(\d+) of 20 samples are calibration samples too/
    const validated = { data: join(images, 'dark') }
    const same = await validate(request('named.onnx', validated), silent)
    expect(both.exec(same.warnings.join())?.[1]).toBe('20')
    const others = await validate(request('named.onnx', { ...validated, calibration: join(images, 'mid') }), silent)
    expect(others.warnings.join()).not.toMatch(both)
  })

  it('say which preprocessing the network wants, where it is right on less than half', async () => {
    const report = await validate(request('named.onnx', { preprocessing: PRESETS.none }), silent)
    expect(report.original.accuracy).toBeCloseTo(1 / 3)
    expect(report.original.presets?.[0]).toEqual({ preset: 'unit', accuracy: 1 })
    expect(report.original.presets?.find(({ preset }) => preset === 'none')?.accuracy).toBeCloseTo(1 / 3, 1)
    expect(report.warnings.join()).toContain(
      'right on 33.3 % of 60 labelled samples: check scale, mean, std, channel order and the order of classes.',
    )
    expect(report.warnings.join()).toContain('--preset unit 100.0 %')
  })

  it('say so where the classes are in another order', async () => {
    const report = await validate(request('plain.onnx'), silent)
    expect(report.original.accuracy).toBeCloseTo(1 / 3)
    expect(report.original.reordered).toBe(1)
    expect(report.warnings.join()).toContain('With the classes in another order, it would be right on 100.0 %.')
    const named = await validate(request('plain.onnx', { classNames: ['dark', 'mid', 'light'] }), silent)
    expect(named.original.accuracy).toBe(1)
  })

  it('are used as far as asked, evenly spaced', async () => {
    const report = await validate(request('named.onnx', { maxSamples: 12 }), silent)
    expect([report.samples, report.classes.map(({ count }) => count)]).toEqual([12, [4, 4, 4]])
  })

  it('count in tuning where they are asked for: those of the data, or of a file', async () => {
    const file = join(folder, 'classes.csv')
    writeFileSync(file, Array.from({ length: 60 }, (_, i) => (i < 20 ? 0 : i < 40 ? 2 : 1)).join('\n'))
    const asked = { ...request('named.onnx'), out: join(folder, 'approximated.onnx'), force: true }
    const unused = /count for nothing: only tuning uses them/
    for (const calibrationLabels of [images, file]) {
      const events: ProgressEvent[] = []
      const work = { progress: (event: ProgressEvent) => void events.push(event) }
      await approximate({ ...asked, calibrationLabels }, work)
      // Sixty samples are too few to tune with, which is said.
      expect(events.flatMap((event) => (event.kind === 'warning' ? event.message : [])).join()).toMatch(unused)
    }
    writeFileSync(file, '0\n1\n')
    await expect(approximate({ ...asked, calibrationLabels: file }, silent)).rejects.toMatchObject({
      code: 'bad-labels',
    })
    const unlabelled = { calibration: join(images, 'dark'), calibrationLabels: join(images, 'dark') }
    await expect(approximate({ ...asked, ...unlabelled }, silent)).rejects.toMatchObject({
      code: 'bad-labels',
      message: expect.stringContaining('includes no classes'),
    })
  })

  it('leave their names with the deployment', async () => {
    const [keys, out] = [join(folder, 'keys'), join(folder, 'network.sealed')]
    const passphrase = 'for this test only'
    const events: ProgressEvent[] = []
    const work = { progress: (event: ProgressEvent) => void events.push(event) }
    const sealed = { ...request('plain.onnx'), input: 'plain' as const, keys, out, passphrase, minKept: 0 }
    const { deployment, original, classNames } = await protect(sealed, work)
    expect(classNames).toEqual(['dark', 'light', 'mid'])
    expect(original).toMatchObject({ samples: 60, accuracy: expect.closeTo(1 / 3), reordered: 1 })
    expect(events.flatMap((event) => (event.kind === 'warning' ? event.message : [])).join()).toContain(
      'order of classes',
    )
    expect((await new KeyStore(keys).read(deployment)).model.labels).toEqual(['dark', 'light', 'mid'])
  })

  it('refuse names that are not those of the classes', async () => {
    await expect(validate(request('plain.onnx', { classNames: ['a', 'b'] }), silent)).rejects.toMatchObject({
      code: 'bad-class-names',
    })
  })

  it('can be looked at as they are fed', async () => {
    const out = join(folder, 'fed.png')
    const asked = { ...request('named.onnx'), index: 21, out, preprocessing: { ...PRESETS.signed, resize: [2, 2] } }
    const { picture, channels, label, labelName } = await preview(asked, silent)
    expect([label, labelName]).toEqual([2, 'light'])
    const fed = [231, 229, 231, 230].map((value) => (value / 255 - 0.5) / 0.5)
    expect(channels).toEqual([
      {
        least: expect.closeTo(fed[1]),
        most: expect.closeTo(fed[0]),
        mean: expect.closeTo((fed[0] + fed[1] + fed[2] + fed[3]) / 4),
      },
    ])
    expect(picture.values).toEqual([255, 0, 255, 128])
    expect(Array.from((await decodePicture(await readFile(out), out)).values)).toEqual([255, 0, 255, 128])
  })
})

it('judges a network of one quantity by labels that say what it should be', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sealwright-quantity-'))
  try {
    const quantity = model(['N', 2], [node('Gemm', 'x w b', 'h'), node('Relu', 'h', 'r'), node('MatMul', 'r u', 'y')], {
      w: { shape: [2, 2], values: [1, -1, 0, 0.5] },
      b: { shape: [2], values: [0.1, 0.2] },
      u: { shape: [2, 1], values: [3, -2] },
    })
    const truth = (a: number, b: number) => 3 * Math.max(0, a + 0.1) - 2 * Math.max(0, 0.2 - a + 0.5 * b)
    const rows = Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(3 * i)] as const)
    const table = ['a,b,target', ...rows.map(([a, b]) => `${a},${b},${truth(a, b) + 0.25}`)].join('\n')
    writeFileSync(join(folder, 'quantity.onnx'), quantity)
    writeFileSync(join(folder, 'data.csv'), table)
    const data = join(folder, 'data.csv')
    const fit = { degree: 2, tuningEpochs: 0, encrypted: 0, force: false } as const
    const report = await validate(
      { model: join(folder, 'quantity.onnx'), data, calibration: data, preprocessing: PRESETS.none, ...fit },
      { progress: () => {} },
    )
    expect(report.judgedBy).toBe('error')
    expect(report.targets?.original.rootMeanSquare).toBeCloseTo(0.25, 5)
    expect(report.targets?.original.largest).toBeCloseTo(0.25, 5)
    expect(report.targets?.polynomial.rootMeanSquare).toBeGreaterThan(0.2)
    expect(reportText(report)).toContain('from labels (RMS)')
  } finally {
    await rm(folder, { recursive: true })
  }
})

it('judges a network of several quantities by a file with as many numbers for each sample', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sealwright-quantities-'))
  try {
    const quantities = model(
      ['N', 2],
      [node('Gemm', 'x w b', 'h'), node('Relu', 'h', 'r'), node('MatMul', 'r u', 'y')],
      {
        w: { shape: [2, 2], values: [1, -1, 0, 0.5] },
        b: { shape: [2], values: [0.1, 0.2] },
        u: { shape: [2, 2], values: [3, 1, -2, 1] },
      },
    )
    const rows = Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(3 * i)] as const)
    const truth = rows.map(([a, b]) => {
      const [p, q] = [Math.max(0, a + 0.1), Math.max(0, 0.2 - a + 0.5 * b)]
      return [3 * p - 2 * q + 0.3, p + q - 0.4]
    })
    const put = (name: string, lines: readonly (readonly (number | string)[])[]): string => {
      writeFileSync(join(folder, name), lines.map((line) => line.join(',')).join('\n'))
      return join(folder, name)
    }
    const network = join(folder, 'quantities.onnx')
    writeFileSync(network, quantities)
    const data = put('data.csv', [['a', 'b'], ...rows])
    const fit = { degree: 2, tuningEpochs: 0, encrypted: 0, force: false, preprocessing: PRESETS.none } as const
    const request = { model: network, data, calibration: data, ...fit }
    const report = await validate(
      { ...request, labels: put('truth.csv', [['u', 'v'], ...truth]) },
      { progress: () => {} },
    )
    expect(report.judgedBy).toBe('error')
    expect(report.targets?.original.largest).toBeCloseTo(0.4, 5)
    expect(report.targets?.original.rootMeanSquare).toBeCloseTo(Math.sqrt((0.09 + 0.16) / 2), 5)
    expect(report.polynomial.error?.rootMeanSquare).toBeGreaterThan(0)
    const oneHot = put(
      'one-hot.csv',
      truth.map(([u, v]) => (u > v ? [1, 0] : [0, 1])),
    )
    const asClasses = await validate({ ...request, labels: oneHot }, { progress: () => {} })
    expect(asClasses.judgedBy).toBe('labels')
    expect(asClasses.targets).toBeUndefined()
  } finally {
    await rm(folder, { recursive: true })
  }
})
