import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { EncryptedResult } from '../../src-main/core/bundle/result.ts'
import { packInput, unpack } from '../../src-main/core/bundle/packing.ts'
import { runLayers } from '../../src-main/core/normalise/run-layers.ts'
import { approximate, foldIntoSquares, normalise, planNetwork, readOnnx } from '../../src-main/core/pipeline.ts'
import { ClearEvaluator } from '../../src-main/core/plan/clear-evaluator.ts'
import type { PlannedNetwork } from '../../src-main/core/plan/plan.ts'
import { runPlan } from '../../src-main/core/plan/run-plan.ts'
import { cutNetwork } from '../../src-main/core/segment/cut-network.ts'
import { silent } from '../../src-main/core/progress.ts'
import { loadRunner, type RunnerOptions } from '../../src-main/edge/load-runner.ts'
import { Bundle } from '../../src-main/edge/open-bundle.ts'
import type { RunInput } from '../../src-main/edge/segment-runner.ts'
import { openReference } from '../../src-main/ort/reference.ts'
import { ResultOpener } from '../../src-main/owner/decrypt.ts'
import { Refresher } from '../../src-main/owner/refresh.ts'
import { KeyStore } from '../../src-main/owner/key-store.ts'
import { exportTiny, passphrase, temporaryFolder } from '../owner/exported.ts'

export interface PromiseOptions {
  readonly input?: 'encrypted' | 'plain'
  readonly evaluator?: RunnerOptions['evaluator']
  readonly threads?: number
  /** The activations are polynomials already, so that ONNX Runtime must agree with every later stage too. */
  readonly isPolynomial?: boolean
  /** Layers after which the owner refreshes. */
  readonly cuts?: readonly string[]
  readonly calibration: readonly Float64Array[]
  /** Inputs to run encrypted. */
  readonly samples: readonly Float64Array[]
}

/** Encrypted outputs may differ from the polynomial network's by this part of the largest one. */
const encryptedTolerance = 0.005

/**
 * The promise of the product, on one network: the normalised network is the ONNX file's; the plan computes the
 * polynomial network; the edge computes the plan on ciphertexts; the owner decrypts what it computed.
 */
export async function expectPromise(onnx: Uint8Array, options: PromiseOptions): Promise<void> {
  const { input = 'encrypted', calibration, samples } = options
  const model = normalise(readOnnx(onnx))
  const reference = await openReference(onnx)
  const polynomial = await approximate(model, calibration, { degree: 2 }, silent)
  const squares = foldIntoSquares(polynomial, calibration)
  const { segments } = cutNetwork(squares, options.cuts ?? [])
  const planned = segments.map((segment, i) => planNetwork(segment, { input: i === 0 ? input : 'encrypted' }))
  const expected: Float64Array[] = []
  for (const sample of samples) {
    const original = await reference.run(sample)
    if (model.finish === 'none') expectClose(runLayers(model, sample), original, 1e-4)
    else expect(indexOfLargest(runLayers(model, sample))).toBe(indexOfLargest(original))
    const outputs = runLayers(polynomial, sample)
    if (options.isPolynomial && model.finish === 'none') expectClose(outputs, original, 1e-4)
    expectClose(
      planned.reduce((value, segment) => runInTheClear(segment, value), sample),
      outputs,
      1e-6,
    )
    expected.push(outputs)
  }
  await reference.close()
  const decrypted = await runEncrypted(planned, options)
  decrypted.forEach((outputs, i) => expectClose(outputs, expected[i], encryptedTolerance))
}

function runInTheClear({ plan, weightVectors }: PlannedNetwork, sample: Float64Array): Float64Array {
  const inputs = plan.input.sources.map((_, index) => packInput(plan, sample, index))
  return unpack(plan, plan.output, runPlan(plan, new ClearEvaluator(plan, weightVectors), inputs))
}

async function runEncrypted(segments: readonly PlannedNetwork[], options: PromiseOptions): Promise<Float64Array[]> {
  const { samples, evaluator = 'auto', threads = 1 } = options
  const folder = await temporaryFolder()
  try {
    const { deploymentId } = await exportTiny(folder, { segments })
    const bundle = await Bundle.open(join(folder, 'tiny.sealed'))
    const store = new KeyStore(join(folder, 'keys'))
    const deployment = await store.read(deploymentId)
    let inputs: readonly RunInput[] = samples
    let results: EncryptedResult[] = []
    for (const segment of segments.keys()) {
      const runner = await loadRunner(bundle, segment, { threads, evaluator })
      results = []
      for (const input of inputs) {
        const ciphertexts = await runner.run(input, silent)
        results.push({ deploymentId, bundleSha256: bundle.sha256, segment, ciphertexts })
      }
      await runner.delete()
      if (segment + 1 === segments.length) break
      const refresher = await Refresher.load(store, deployment, segment, { passphrase })
      inputs = results.map((result) => refresher.refresh(result).ciphertexts)
      refresher.delete()
    }
    await bundle.close()
    const opener = await ResultOpener.load(store, deployment, segments.length - 1, { passphrase })
    const outputs = results.map((result) => opener.open(result))
    opener.delete()
    return outputs
  } finally {
    await rm(folder, { recursive: true })
  }
}

function expectClose(actual: Float64Array, expected: Float64Array, relative: number): void {
  expect(actual.length).toBe(expected.length)
  const largest = Math.max(...expected.map(Math.abs))
  actual.forEach((value, i) => expect(Math.abs(value - expected[i])).toBeLessThanOrEqual(relative * largest))
}

const indexOfLargest = (values: Float64Array): number => values.indexOf(Math.max(...values))
