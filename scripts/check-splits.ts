/**
 * LeNet-5 in one to five segments, cut in every way: each encrypted run against its own plan in the clear, and the time
 * of its segments against the network in one piece.
 *
 *   node scripts/check-splits.ts [--images 10] [--threads 2] [SPLIT …]
 */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { approximate } from '../src-main/core/approximate/approximate.ts'
import { foldBetweenRefreshes } from '../src-main/core/approximate/fold-into-squares.ts'
import type { PolynomialModel } from '../src-main/core/network/polynomial-model.ts'
import { normalise } from '../src-main/core/normalise/normalise.ts'
import { runLayers } from '../src-main/core/network/run-layers.ts'
import { readOnnx } from '../src-main/core/onnx/read-onnx.ts'
import { silent } from '../src-main/core/progress.ts'
import { exactLayersOf } from '../src-main/core/segment/choose-exact.ts'
import { parseSplit, WHOLE } from '../src-main/core/segment/cut.ts'
import { planSegments } from '../src-main/core/segment/plan-segments.ts'
import { runSegmentsInTheClear } from '../src-main/core/segment/run-in-the-clear.ts'
import { labelOf } from '../src-main/core/network/classification.ts'
import { preprocess } from '../src-main/data/preprocess.ts'
import { readSamples } from '../src-main/data/read-samples.ts'
import { runSegmentsInProcess, type SegmentRun } from '../src-main/jobs/run-segments.ts'
import { sample } from '../src-main/jobs/sample.ts'
import { protect } from '../src-main/owner/protect.ts'
import { argumentsOf } from './arguments.ts'

const SPLITS = [
  undefined,
  'relu_5:hand-off',
  'relu_5:refresh',
  'relu_5:exact',
  'nodes=3',
  'relu_2:hand-off,relu_5:refresh',
  'relu_2:exact,relu_8:exact',
  'nodes=5',
  'relu_2:hand-off,relu_5:exact,gemm_7:refresh,gemm_9:hand-off',
]

const options = { images: { type: 'string' }, threads: { type: 'string' } } as const
const { values, positionals } = argumentsOf({ options, allowPositionals: true })
const threads = Number(values.threads ?? 2)
const passphrase = 'only for this check'
const lenet5 = normalise(readOnnx(new Uint8Array(readFileSync(sample.model))))
const preprocessing = { ...sample.preprocessing, layout: 'nchw' } as const
const source = await readSamples(sample.calibration, { shape: lenet5.input.shape })
const samples = Array.from({ length: source.count }, (_, i) => preprocess(source.sample(i), preprocessing))
/** Evenly over the calibration images: the plan, not the accuracy, is checked. */
const count = Number(values.images ?? 10)
const images = Array.from({ length: count }, (_, i) => samples[Math.floor((i * samples.length) / count)])

const networks = new Map<string, PolynomialModel>()
let wholeSeconds = 0
let failures = 0
for (const text of positionals.length > 0 ? [undefined, ...positionals] : SPLITS) {
  const split = text === undefined ? WHOLE : parseSplit(text)
  const exact = [...exactLayersOf(lenet5, split, 2)]
  const polynomial = networks.get(exact.join()) ?? (await approximated(exact))
  networks.set(exact.join(), polynomial)
  const planned = planSegments(foldBetweenRefreshes(polynomial, samples), split, {})
  const folder = await mkdtemp(join(tmpdir(), 'sealwright-splits-'))
  try {
    const [keys, out] = [join(folder, 'keys'), join(folder, 'lenet5.sealed')]
    const model = { name: 'lenet5', sha256: '0'.repeat(64), finish: lenet5.finish }
    const lock = { passphrase, scryptWorkFactor: 8 }
    const request = {
      ...planned,
      model,
      preprocessing,
      reveal: { mode: 'label' as const },
      keysFolder: keys,
      lock,
      out,
    }
    const exported = await protect(request, silent)
    const given = { bundle: out, keys, passphrase, deployment: exported.deploymentId }
    const runner = { threads, evaluator: 'auto' } as const
    const { outputs, segments } = await runSegmentsInProcess({ ...given, runner }, images, silent)
    const inTheClear = images.map((image) => runSegmentsInTheClear(planned, image))
    const original = images.map((image) => runLayers(polynomial, image))
    const problem = Math.max(apart(outputs, inTheClear), apart(inTheClear, original))
    const labels = outputs.filter((output, i) => labelOf(output) === labelOf(inTheClear[i])).length
    if (labels < images.length || problem > 0.005) failures += 1
    const sum = segments.reduce((total, { seconds }) => total + seconds, 0)
    wholeSeconds ||= sum
    print(text ?? 'one piece', segments, sum, labels, problem, exported.bundleBytes)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
process.exitCode = failures === 0 ? 0 : 1
console.log(failures === 0 ? 'Every split gives what its plan gives.' : `${failures} splits differ from their plans.`)

async function approximated(exact: readonly string[]): Promise<PolynomialModel> {
  const degrees = new Map(exact.map((id) => [id, 'exact'] as const))
  // Quick: not accuracy is checked, but that the plan is computed.
  return await approximate(lenet5, samples.slice(0, 200), { degree: 2, degrees, refit: false, distort: false }, silent)
}

/** Largest difference over the largest output, of all images. */
function apart(left: readonly Float64Array[], right: readonly Float64Array[]): number {
  return Math.max(
    ...left.map((output, i) => {
      const largest = Math.max(...right[i].map(Math.abs))
      return Math.max(...output.map((value, j) => Math.abs(value - right[i][j]))) / largest
    }),
  )
}

function print(
  split: string,
  segments: readonly SegmentRun[],
  sum: number,
  labels: number,
  problem: number,
  bundleBytes: number,
): void {
  console.log(`\n${split}`)
  for (const { segment, seconds, cut, ownerSeconds = 0, sentBytes } of segments) {
    const owner = cut === undefined || cut === 'hand-off' ? '' : `, owner ${ms(ownerSeconds)}`
    console.log(`  segment ${segment + 1}: ${ms(seconds)}, ${sentBytes} bytes sent${cut ? `, ${cut}${owner}` : ''}`)
  }
  const handedOnly = segments.every(({ cut }) => cut === undefined || cut === 'hand-off')
  const ratio = `${((100 * sum) / wholeSeconds).toFixed(1)} % of the whole${handedOnly ? ' (goal: 90 to 110)' : ''}`
  console.log(`  together: ${ms(sum)}, ${ratio}; bundle ${(bundleBytes / 1e6).toFixed(0)} MB`)
  console.log(`  labels: ${labels} of ${images.length} as planned; largest difference ${(100 * problem).toFixed(4)} %`)
}

function ms(seconds: number): string {
  return `${(1000 * seconds).toFixed(0)} ms`
}
