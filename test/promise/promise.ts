import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { foldBetweenRefreshes } from '../../src-main/core/approximate/fold-into-squares.ts'
import { needOf } from '../../src-main/core/compile/compile.ts'
import type { PolynomialModel } from '../../src-main/core/network/polynomial-model.ts'
import { isPostponed, shapeOf } from '../../src-main/core/planner/chain-shape.ts'
import { runLayers } from '../../src-main/core/network/run-layers.ts'
import { approximate } from '../../src-main/core/approximate/approximate.ts'
import { normalise } from '../../src-main/core/normalise/normalise.ts'
import { writeOnnx } from '../../src-main/core/onnx/write-onnx.ts'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { silent } from '../../src-main/core/progress.ts'
import { exactLayersOf } from '../../src-main/core/segment/choose-exact.ts'
import { parseSplit, WHOLE } from '../../src-main/core/segment/cut.ts'
import { planSegments, type PlannedSegments } from '../../src-main/core/segment/plan-segments.ts'
import { runSegmentsInTheClear } from '../../src-main/core/segment/run-in-the-clear.ts'
import type { RunnerOptions } from '../../src-main/edge/load-runner.ts'
import { runSegmentsInProcess } from '../../src-main/jobs/run-segments.ts'
import { openReference } from '../../src-main/ort/reference.ts'
import { exportTiny, passphrase, temporaryFolder } from '../owner/exported.ts'

export interface PromiseOptions {
  readonly input?: 'encrypted' | 'plain'
  readonly evaluator?: RunnerOptions['evaluator']
  readonly threads?: number
  /** The activations are polynomials already, so that ONNX Runtime must agree with every later stage too. */
  readonly isPolynomial?: boolean
  /** As `--split` takes it. */
  readonly split?: string
  /** Some squarings are rescaled with the map behind them: postpone.ts. */
  readonly isPostponed?: boolean
  readonly calibration: readonly Float64Array[]
  /** Inputs to run encrypted. */
  readonly samples: readonly Float64Array[]
}

/** Encrypted outputs may differ from the polynomial network's by this part of the largest one. */
const encryptedTolerance = 0.005

/** A polynomial network's own promise: its ONNX file, the plan and the edge on ciphertexts compute what it does. */
export async function expectPolynomialPromise(polynomial: PolynomialModel, options: PromiseOptions): Promise<void> {
  const { input = 'encrypted', calibration, samples } = options
  const reference = await openReference(writeOnnx(polynomial))
  const planned = planSegments(foldBetweenRefreshes(polynomial, calibration), WHOLE, {
    input,
    need: needOf(polynomial, calibration),
  })
  const expected = samples.map((sample) => runLayers(polynomial, sample))
  for (const [i, sample] of samples.entries()) {
    expectClose(expected[i], await reference.run(sample), 1e-4)
    expectClose(runSegmentsInTheClear(planned, sample), expected[i], 1e-6)
  }
  await reference.close()
  const decrypted = await runEncrypted(planned, options)
  decrypted.forEach((outputs, i) => expectClose(outputs, expected[i], encryptedTolerance))
}

/**
 * The promise of the product, on one network: the normalised network is the ONNX file's; the plan computes the
 * polynomial network; the edge computes the plan on ciphertexts; the owner decrypts what it computed.
 */
export async function expectPromise(onnx: Uint8Array, options: PromiseOptions): Promise<void> {
  const { input = 'encrypted', calibration, samples } = options
  const model = normalise(readOnnx(onnx))
  const reference = await openReference(onnx)
  const split = options.split === undefined ? WHOLE : parseSplit(options.split)
  const degrees = new Map([...exactLayersOf(model, split, 2)].map((id) => [id, 'exact'] as const))
  const polynomial = await approximate(model, calibration, { degree: 2, degrees }, silent)
  const planned = planSegments(foldBetweenRefreshes(polynomial, calibration), split, {
    input,
    need: needOf(polynomial, calibration),
  })
  if (options.isPostponed) expect(isPostponed(shapeOf(planned.segments[0].plan))).toBe(true)
  const expected: Float64Array[] = []
  for (const sample of samples) {
    const original = await reference.run(sample)
    if (model.finish === 'none') expectClose(runLayers(model, sample), original, 1e-4)
    else expect(indexOfLargest(runLayers(model, sample))).toBe(indexOfLargest(original))
    const outputs = runLayers(polynomial, sample)
    if (options.isPolynomial && model.finish === 'none') expectClose(outputs, original, 1e-4)
    expectClose(runSegmentsInTheClear(planned, sample), outputs, 1e-6)
    expected.push(outputs)
  }
  await reference.close()
  const decrypted = await runEncrypted(planned, options)
  decrypted.forEach((outputs, i) => expectClose(outputs, expected[i], encryptedTolerance))
}

async function runEncrypted(network: PlannedSegments, options: PromiseOptions): Promise<readonly Float64Array[]> {
  const { samples, evaluator = 'auto', threads = 1 } = options
  const folder = await temporaryFolder()
  try {
    const { deploymentId: deployment } = await exportTiny(folder, network)
    const [bundle, keys] = [join(folder, 'tiny.sealed'), join(folder, 'keys')]
    const request = { bundle, keys, passphrase, deployment, runner: { threads, evaluator } }
    return (await runSegmentsInProcess(request, samples, silent)).outputs
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
