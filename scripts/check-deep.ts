/**
 * A deep network through all its segments, each in a process of its own, the owner refreshing in between:
 *   node scripts/check-deep.ts MODEL --split cuts --calibration X.npy --images X.npy --folder DIR \
 *       [--degree 8] [--fit-only [--by-need]] [--scale 1/255 --mean M,… --std S,…] [--count 2] [--first 0] [--memory 1G]
 *       [--agreement 2000]
 * With --fit-only the linear maps stay as they are, which takes a fraction of the time, and scales are the largest, unless --by-need
 * makes them the smallest that keep labels, as protect does. DIR gets a bundle for each node, the key store and the approximated network; what is there is used again. Prints labels
 * and the largest difference relative to the largest logit, for each image the seconds and the largest resident memory
 * of each segment, and with --agreement how many labels of the first so many images the approximated network keeps.
 */
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { approximate } from '../src-main/core/approximate/approximate.ts'
import type { Degree } from '../src-main/core/network/polynomial-model.ts'
import { foldBetweenRefreshes } from '../src-main/core/approximate/fold-into-squares.ts'
import { writeOnnx } from '../src-main/core/onnx/write-onnx.ts'
import { silent, type ProgressEvent } from '../src-main/core/progress.ts'
import { parseSplit } from '../src-main/core/segment/cut.ts'
import { planSegments } from '../src-main/core/segment/plan-segments.ts'
import { labelOf } from '../src-main/core/network/classification.ts'
import { preprocess } from '../src-main/data/preprocess.ts'
import { readSamples } from '../src-main/data/read-samples.ts'
import { compile, type CompiledNetwork } from '../src-main/jobs/compile.ts'
import { exactLayersFor, needOf } from '../src-main/core/compile/compile.ts'
import { prepareSamples } from '../src-main/jobs/calibration.ts'
import { openNetwork, openNetworkFile } from '../src-main/jobs/open-network.ts'
import { exportCompiled } from '../src-main/jobs/protect.ts'
import { runSegments } from '../src-main/jobs/run-segments.ts'
import { Stopwatch } from '../src-main/core/stopwatch.ts'
import { readResult } from '../src-main/jobs/trial.ts'
import { openReference } from '../src-main/ort/reference.ts'
import { ResultOpener } from '../src-main/owner/decrypt.ts'
import { UnlockedKeyStore } from '../src-main/owner/unlocked-key-store.ts'
import { argumentsOf } from './arguments.ts'

const text = (value: string) => ({ type: 'string', default: value }) as const
const { positionals, values: given } = argumentsOf(
  {
    allowPositionals: true,
    options: {
      split: text('auto'),
      calibration: text(''),
      images: text(''),
      folder: text('.'),
      degree: text('2'),
      scale: text('1/255'),
      mean: text('0'),
      std: text('1'),
      count: text('2'),
      first: text('0'),
      memory: { type: 'string' },
      agreement: text('0'),
      'fit-only': { type: 'boolean', default: false },
      'by-need': { type: 'boolean', default: false },
    },
  },
  ['MODEL'],
)
const [model] = positionals
const { folder, images, memory } = given
const numbers = (list: string): number[] => list.split(',').map(Number)
const [numerator, denominator = 1] = given.scale.split('/').map(Number)
const preprocessing = { scale: numerator / denominator, mean: numbers(given.mean), std: numbers(given.std) }
/** Of keys that live as long as the measurement. */
const passphrase = 'a passphrase for measurements only'
const [bundles, keys, approximated] = ['bundles', 'keys', 'approximated.onnx'].map((name) => join(folder, name))
const progress = (event: ProgressEvent): void => {
  if (event.kind !== 'step') process.stderr.write(`${JSON.stringify(event)}\n`)
}
const print = (line: object): void => console.log(JSON.stringify(line))

await mkdir(folder, { recursive: true })
if (!existsSync(bundles)) await exportNetwork()
const network = await openNetwork({ model })
const source = await readSamples(images, { shape: network.input.shape })
const input = (index: number): Float64Array =>
  preprocess(source.sample(index), { ...preprocessing, layout: source.layout })
const { layout, onnxShape } = network.input
const original = await openReference(model, { layout, onnxShape })
const polynomial = await openReference(await readFile(approximated), { layout, onnxShape })
const files = (await readdir(bundles)).filter((name) => name.endsWith('.sealed'))
const sizes = await Promise.all(files.map(async (name) => (await stat(join(bundles, name))).size))
print({ segments: files.length, bundleBytes: sizes.reduce((sum, bytes) => sum + bytes, 0) })
for (let index = Number(given.first); index < Number(given.first) + Number(given.count); index++) await check(index)
if (Number(given.agreement) > 0) await agreement(Number(given.agreement))
await original.close()
await polynomial.close()

async function exportNetwork(): Promise<void> {
  const work = { progress }
  const watch = new Stopwatch(work)
  const choice = { degree: Number(given.degree) as Degree, split: parseSplit(given.split) }
  const request = { ...choice, model, calibration: given.calibration, preprocessing, input: 'encrypted' as const }
  const compiled = given['fit-only'] ? await compileFitted() : await compile(request, work, watch)
  await writeFile(approximated, writeOnnx({ ...compiled.polynomial, finish: 'none', tail: undefined }))
  const target = { model, keys, out: bundles, perNode: true, force: false, passphrase }
  const { stages, keyBytes, cuts } = await exportCompiled(target, compiled, work, watch)
  print({ cuts: cuts.map(({ after, kind }) => `${after}:${kind}`).join(), keyBytes, stages })
}

/** As `compile`, without refitting and tuning. */
async function compileFitted(): Promise<CompiledNetwork> {
  const choice = { degree: Number(given.degree) as Degree, split: parseSplit(given.split) }
  const { model: network, ...file } = await openNetworkFile({ model })
  const { samples, ...prepared } = await prepareSamples({ ...given, preprocessing }, network, silent)
  const degrees = new Map([...exactLayersFor(network, choice.split, choice)].map((id) => [id, 'exact'] as const))
  const options = { degree: choice.degree, degrees, refit: false, distort: false }
  const polynomial = await approximate(network, samples, options, silent)
  const need = given['by-need'] ? needOf(polynomial, samples) : undefined
  const planned = planSegments(foldBetweenRefreshes(polynomial, samples), choice.split, { input: 'encrypted', need })
  return {
    ...file,
    model: network,
    original: { computedBy: 'ONNX Runtime' },
    droppedClamps: [],
    polynomial,
    ...planned,
    preprocessing: prepared.preprocessing,
    typical: samples[0],
  }
}

async function check(index: number): Promise<void> {
  const result = join(folder, `${index}.result`)
  // As an owner does who is asked for one image: keys are opened for each anew.
  const unlocked = new UnlockedKeyStore(keys, { passphrase })
  const startedMs = performance.now()
  const request = { bundle: bundles, input: { path: images, index }, result, keys: unlocked, memory }
  const runs = await runSegments(request, { progress })
  const seconds = (performance.now() - startedMs) / 1000
  const encrypted = await readResult(result)
  const deployment = await unlocked.store.read(encrypted.deploymentId)
  const opener = await ResultOpener.load(unlocked, deployment, runs.length - 1)
  const outputs = opener.open(encrypted)
  opener.delete()
  const expected = await polynomial.run(input(index))
  const largest = Math.max(...expected.map(Math.abs))
  const sum = (of: (run: (typeof runs)[number]) => number): number => runs.reduce((total, run) => total + of(run), 0)
  print({
    image: index,
    labels: { original: labelOf(await original.run(input(index))), polynomial: labelOf(expected) },
    encrypted: labelOf(outputs),
    difference: Math.max(...expected.map((value, at) => Math.abs(value - outputs[at]))) / largest,
    ...{ seconds, loadSeconds: sum((run) => run.loadSeconds), runSeconds: sum((run) => run.seconds) },
    ...{ ownerSeconds: sum((run) => run.ownerSeconds ?? 0), peakBytes: Math.max(...runs.map((run) => run.peakBytes)) },
    runs: runs.map((run) => [run.loadSeconds, run.seconds, run.ownerSeconds ?? 0, Math.round(run.peakBytes / 2 ** 20)]),
  })
}

async function agreement(count: number): Promise<void> {
  let kept = 0
  for (let first = 0; first < count; first += 50) {
    const batch = Array.from({ length: Math.min(50, count - first) }, (_, i) => input(first + i))
    const [before, after] = await Promise.all([original.runBatch(batch), polynomial.runBatch(batch)])
    kept += before.filter((outputs, i) => labelOf(outputs) === labelOf(after[i])).length
  }
  print({ agreement: kept / count, images: count })
}
