/**
 * Measures what approximation costs in accuracy, as a Markdown table:
 *   node scripts/measure-accuracy.ts MODELS DATA [--only NAME,…] [--degrees 2,4,8,auto] [--test 4000]
 *     [--calibration 1000] [--labelled] [--epochs 30] [--split auto:exact]
 * MODELS holds manifest.json, a list of {file, dataset, pre, layout?}; DATA holds <dataset>_{train,test}_{x,y}.npy.
 * --split leaves the activations exact that the owner computes at its refreshes, as `protect` does.
 * Calibration takes the first training samples, without their labels unless --labelled gives these to tuning; accuracy is ONNX Runtime's on
 * the test samples.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { approximate } from '../src-main/core/approximate/approximate.ts'
import { type Degree, isExact, type PolynomialModel } from '../src-main/core/network/polynomial-model.ts'
import { writeOnnx } from '../src-main/core/onnx/write-onnx.ts'
import { NO_PREPROCESSING, type Preprocessing } from '../src-main/core/bundle/preprocessing.ts'
import type { LayerModel } from '../src-main/core/network/layer-model.ts'
import { silent } from '../src-main/core/progress.ts'
import { exactLayersOf } from '../src-main/core/segment/choose-exact.ts'
import { parseSplit } from '../src-main/core/segment/cut.ts'
import { accuracyReport } from '../src-main/core/validate/accuracy-report.ts'
import { chooseDegrees } from '../src-main/core/compile/choose-degrees.ts'
import { depthOf } from '../src-main/core/network/depth.ts'
import type { Labels } from '../src-main/core/tune/true-classes.ts'
import { preprocess } from '../src-main/data/preprocess.ts'
import { readLabels } from '../src-main/data/read-labels.ts'
import { readSamples } from '../src-main/data/read-samples.ts'
import { openNetwork } from '../src-main/jobs/open-network.ts'
import { withThreads } from '../src-main/jobs/with-threads.ts'
import { openReference } from '../src-main/ort/reference.ts'
import { argumentsOf } from './arguments.ts'

interface Entry {
  readonly file: string
  readonly dataset: string | null
  readonly pre: string
}

const scaled = (scale: number, mean: number[], std: number[]): Preprocessing => ({
  ...NO_PREPROCESSING,
  scale,
  mean,
  std,
})

/** The names that manifest.json uses for what is done to a pixel. */
const preprocessings: Readonly<Record<string, Preprocessing>> = {
  '0..1': scaled(1 / 255, [0], [1]),
  '0..255': NO_PREPROCESSING,
  '-1..1': scaled(1 / 255, [0.5], [0.5]),
  mnist_std: scaled(1 / 255, [0.1307], [0.3081]),
  fashion_std: scaled(1 / 255, [0.286], [0.353]),
  cifar_std247: scaled(1 / 255, [0.4914, 0.4822, 0.4465], [0.247, 0.2435, 0.2616]),
  imagenet: scaled(1 / 255, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
  kw225: scaled(1 / 255, [0.485, 0.456, 0.406], [0.225, 0.225, 0.225]),
}

const { positionals, values: options } = argumentsOf(
  {
    allowPositionals: true,
    options: {
      only: { type: 'string', default: '' },
      degrees: { type: 'string', default: '2,4' },
      test: { type: 'string', default: '4000' },
      calibration: { type: 'string', default: '1000' },
      labelled: { type: 'boolean', default: false },
      epochs: { type: 'string' },
      split: { type: 'string' },
    },
  },
  ['MODELS', 'DATA'],
)
const [modelFolder, dataFolder] = positionals
const work = withThreads(silent)
const entries: Entry[] = JSON.parse(readFileSync(join(modelFolder, 'manifest.json'), 'utf8'))

console.log(
  '| network | activations | depth | accuracy before | after | points lost | agreement | seconds of one core | seconds |',
)
console.log('|---|---|---|---|---|---|---|---|---|')
for (const entry of entries) {
  if (!entry.dataset || !options.only.split(',').some((name) => entry.file.includes(name))) continue
  for (const degree of options.degrees.split(',')) {
    try {
      console.log(await measure(entry, degree))
    } catch (error) {
      console.log(`| ${entry.file} | ${degree} | | | | | | | ${error instanceof Error ? error.message : error} |`)
      break
    }
  }
}

async function measure({ file, dataset, pre }: Entry, degree: string): Promise<string> {
  const path = join(modelFolder, file)
  const model = await openNetwork({ model: path })
  const read = async (split: string, most: string) => {
    const samples = await readSamples(join(dataFolder, `${dataset}_${split}_x.npy`), { shape: model.input.shape })
    const count = Math.min(samples.count, Number(most))
    const preprocessing = preprocessings[pre] ?? NO_PREPROCESSING
    const raw = await Promise.all(Array.from({ length: count }, (_, i) => samples.sample(i)))
    return raw.map((pixels) => preprocess(pixels, preprocessing))
  }
  const calibration = await read('train', options.calibration)
  const test = await read('test', options.test)
  const classes = async (split: string, count: number) =>
    [...(await readLabels(join(dataFolder, `${dataset}_${split}_y.npy`)))].slice(0, count).map(Number)
  const labels = await classes('test', test.length)
  const known = options.labelled ? await classes('train', calibration.length) : undefined
  const trueClasses = known && new Map(calibration.map((sample, i) => [sample, known[i]]))
  const [start, startMs] = [process.cpuUsage(), performance.now()]
  const polynomial = await approximated(model, calibration, degree, trueClasses)
  const [used, ms] = [process.cpuUsage(start), performance.now() - startMs]
  const exact = polynomial.layers.filter(isExact).length
  const report = accuracyReport({
    labels,
    original: await run(path, model, test),
    polynomial: await run(writeOnnx(polynomial), model, test),
  })
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`
  const [before, after] = [report.original.accuracy!, report.polynomial.accuracy!]
  const lost = (100 * (before - after)).toFixed(2)
  const seconds = ((used.user + used.system) / 1e6).toFixed(0)
  const depth = depthOf(polynomial)
  const { agreement } = report.polynomial
  const activations = exact > 0 ? `${degree}, ${exact} exact` : degree
  return `| ${file} | ${activations} | ${depth} | ${percent(before)} | ${percent(after)} | ${lost} | ${percent(agreement)} | ${seconds} | ${(ms / 1000).toFixed(0)} |`
}

async function approximated(
  model: LayerModel,
  calibration: Float64Array[],
  degree: string,
  labels?: Labels,
): Promise<PolynomialModel> {
  const tuningEpochs = options.epochs === undefined ? undefined : Number(options.epochs)
  const deepest = degree === 'auto' ? 8 : (Number(degree) as Degree)
  const exact = options.split ? exactLayersOf(model, parseSplit(options.split), deepest) : new Set<string>()
  if (degree === 'auto')
    return (await chooseDegrees(model, calibration, { exact, approximation: { labels } }, work)).fit()
  const degrees = new Map([...exact].map((id) => [id, 'exact'] as const))
  return approximate(model, calibration, { degree: deepest, degrees, tuningEpochs, labels }, work)
}

async function run(file: string | Uint8Array, model: LayerModel, samples: Float64Array[]): Promise<Float64Array[]> {
  const { layout, onnxShape } = model.input
  const reference = await openReference(file, { layout, onnxShape })
  const outputs: Float64Array[] = []
  for (let first = 0; first < samples.length; first += 50) {
    outputs.push(...(await reference.runBatch(samples.slice(first, first + 50))))
  }
  await reference.close()
  return outputs
}
