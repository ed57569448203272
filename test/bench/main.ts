/**
 * Whole networks, encrypted, beside one primitive of the same run:
 * `npm run bench -- [--only NAME] [--input encrypted|plain] [--threads N] [--evaluator auto|kernels|seal] [--batch N] [--runs N] [--against REV [--turns N]] [--json FILE] [--write]`
 * `--against` measures this build and that commit's in turn, and gives a row for each measure with its `ratio`.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { NO_PREPROCESSING } from '../../src-main/core/bundle/preprocessing.ts'
import { runLayers } from '../../src-main/core/network/run-layers.ts'
import { approximate } from '../../src-main/core/approximate/approximate.ts'
import { foldBetweenRefreshes } from '../../src-main/core/approximate/fold-into-squares.ts'
import { normalise } from '../../src-main/core/normalise/normalise.ts'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { needOf } from '../../src-main/core/compile/compile.ts'
import { silent } from '../../src-main/core/progress.ts'
import { WHOLE } from '../../src-main/core/segment/cut.ts'
import { planSegments } from '../../src-main/core/segment/plan-segments.ts'
import { ResultOpener } from '../../src-main/owner/decrypt.ts'
import { UnlockedKeyStore } from '../../src-main/owner/unlocked-key-store.ts'
import { protect } from '../../src-main/owner/protect.ts'
import { CannotCompare, measureAgainst } from './against.ts'
import type { EdgeMeasurement } from './edge.ts'
import { benchNetworks, type BenchNetwork } from './networks.ts'
import { encryptionCosts, type EncryptionCosts } from './encryption.ts'
import { renderRatios } from './ratios.ts'
import { recordRatios, recordRows } from './results.ts'
import { rotationMs } from './rotation.ts'
import type { BenchRow } from './row.ts'
import { argumentsOf } from '../../scripts/arguments.ts'

const { values: options } = argumentsOf({
  options: {
    only: { type: 'string' },
    input: { type: 'string', default: 'encrypted' },
    threads: { type: 'string', default: String(availableParallelism()) },
    evaluator: { type: 'string', default: 'auto' },
    runs: { type: 'string', default: '7' },
    batch: { type: 'string', default: '1' },
    calibration: { type: 'string', default: '300' },
    against: { type: 'string' },
    turns: { type: 'string', default: '3' },
    json: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
})

const run = promisify(execFile)
const batch = Number(options.batch)
const labelOf = (outputs: Float64Array): number => outputs.indexOf(Math.max(...outputs))
const passphrase = 'bench'

async function measure(network: BenchNetwork, r: number, encryption: EncryptionCosts): Promise<BenchRow> {
  const folder = await mkdtemp(join(tmpdir(), 'sealwright-bench-'))
  try {
    const calibration = network.samples(Number(options.calibration))
    const polynomial = await approximate(normalise(readOnnx(network.onnx)), calibration, { degree: 2 }, silent)
    const squares = foldBetweenRefreshes(polynomial, calibration)
    const plannedMs = performance.now()
    const {
      segments: [planned],
    } = planSegments(squares, WHOLE, {
      ...{ input: options.input as 'encrypted' | 'plain', batch },
      need: needOf(polynomial, calibration),
    })
    const planMs = performance.now() - plannedMs
    const { plan } = planned
    const out = join(folder, 'network.sealed')
    const keysFolder = join(folder, 'keys')
    const exported = await protect(
      {
        ...{ segments: [planned], preprocessing: NO_PREPROCESSING, reveal: { mode: 'label' }, keysFolder, out },
        ...{
          model: { name: network.name, sha256: '0'.repeat(64), finish: 'none' },
          lock: { passphrase, scryptWorkFactor: 8 },
        },
        sample: calibration[0],
      },
      silent,
    )
    const batches = Array.from({ length: Math.min(100, Number(options.runs)) }, (_, i) =>
      Array.from({ length: batch }, (_, k) => calibration[(i * batch + k) % calibration.length]),
    )
    const inputs = batches.map((images) => Float64Array.from(images.flatMap((image) => [...image])))
    await writeFile(join(folder, 'inputs.json'), JSON.stringify(inputs.map((input) => [...input])))
    const edge = fileURLToPath(new URL('edge.ts', import.meta.url))
    const args = [edge, out, join(folder, 'inputs.json'), options.evaluator, options.threads, options.runs]
    const { stdout } = await run(process.execPath, args, { maxBuffer: 2 ** 30 })
    const measured = JSON.parse(stdout) as EdgeMeasurement
    const keys = new UnlockedKeyStore(keysFolder, { passphrase })
    const opener = await ResultOpener.load(keys, await keys.store.read(exported.deploymentId), 0)
    let worst = 0
    let equal = 0
    measured.outputs.forEach((ciphertexts, i) => {
      const expected = Float64Array.from(batches[i].flatMap((image) => [...runLayers(polynomial, image)]))
      const identity = { deploymentId: exported.deploymentId, bundleSha256: exported.bundleSha256, segment: 0 }
      const result = {
        ...identity,
        ciphertexts: ciphertexts.map((text) => new Uint8Array(Buffer.from(text, 'base64'))),
      }
      const outputs = opener.open(result)
      const largest = Math.max(...expected.map(Math.abs))
      worst = Math.max(worst, ...expected.map((value, k) => Math.abs(value - outputs[k]) / largest))
      const [got, wanted] = [opener.images(outputs), opener.images(expected)].map((images) =>
        images.map(labelOf).join(),
      )
      if (got === wanted) equal += 1
    })
    opener.delete()
    const count = (op: string): number =>
      plan.instructions.reduce((sum, i) => sum + (i.op !== op ? 0 : i.op === 'multiply-sum' ? i.values.length : 1), 0)
    return {
      network: network.name,
      input: options.input,
      evaluator: measured.evaluator,
      threads: Number(options.threads),
      batch,
      imagesPerSecond: (1000 * batch) / measured.wallMs,
      polyModulusDegree: plan.parameters.polyModulusDegree,
      wallMs: measured.wallMs,
      cpuMs: measured.cpuMs,
      rotationMs: r,
      wallOverR: measured.wallMs / r,
      encryptionRatio: encryption.ratio,
      encryptMs: measured.encryptMs,
      products: count('multiply-sum') + count('square'),
      rotations: count('rotate'),
      relinearisations: count('relinearise'),
      outsideSealPercent: measured.outsideSealPercent,
      peakRssBytes: measured.peakRssBytes,
      rssBytes: measured.rssBytes,
      bundleBytes: exported.bundleBytes,
      keyBytes: exported.keyBytes,
      planMs,
      exportMs: exported.seconds * 1000,
      loadMs: measured.loadMs,
      loadCpuMs: measured.loadCpuMs,
      layers: measured.layers,
      worstRelativeError: worst,
      labelsEqual: `${equal}/${measured.outputs.length}`,
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function measureNetworks(networks: readonly BenchNetwork[]): Promise<BenchRow[]> {
  const encryption = await encryptionCosts()
  process.stderr.write(
    `encryption at N = 16384, 10 primes: ${encryption.kernelsMs.toFixed(1)} ms, node-seal ${encryption.sealMs.toFixed(1)} ms, ratio ${encryption.ratio.toFixed(2)}\n`,
  )
  const rows: BenchRow[] = []
  for (const network of networks) {
    const row = await measure(network, await rotationMs(), encryption)
    rows.push(row)
    process.stderr.write(
      `${row.network}: ${row.wallMs.toFixed(0)} ms = ${row.wallOverR.toFixed(1)} R (${row.evaluator}, ${row.threads} threads)\n`,
    )
  }
  return rows
}

async function main(): Promise<void> {
  const networks = benchNetworks().filter(({ name }) => options.only === undefined || name.includes(options.only))
  const { against: revision } = options
  let rows
  if (revision === undefined) {
    rows = await measureNetworks(networks)
    if (options.write) recordRows(rows)
  } else {
    const given = ['input', 'threads', 'evaluator', 'runs', 'batch', 'calibration'] as const
    const ratios = await measureAgainst({
      revision,
      networks: networks.map(({ name }) => name),
      args: given.flatMap((name) => [`--${name}`, options[name]]),
      turns: Number(options.turns),
      progress: (line) => process.stderr.write(`${line}\n`),
    })
    process.stderr.write(renderRatios(ratios))
    if (options.write) recordRatios(ratios)
    rows = ratios
  }
  const json = JSON.stringify(rows, null, 2)
  if (options.json === undefined) process.stdout.write(`${json}\n`)
  else await writeFile(options.json, json)
}

await main().catch((error: unknown) => {
  if (!(error instanceof CannotCompare)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
})
