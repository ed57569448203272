import { present } from '../core/must.ts'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { decodeResult, MAX_RESULT_BYTES } from '../core/bundle/result.ts'
import type { Finish } from '../core/network/layer-model.ts'
import { runLayers } from '../core/network/run-layers.ts'
import type { WorkContext } from '../core/progress.ts'
import { labelOf } from '../core/network/classification.ts'
import { classScores, type Finishing } from '../core/normalise/run-tail.ts'
import { preprocess } from '../data/preprocess.ts'
import { readBytes } from '../files/read-file.ts'
import { readSamples } from '../data/read-samples.ts'
import { ResultOpener } from '../owner/decrypt.ts'
import { UnlockedKeyStore } from '../owner/unlocked-key-store.ts'
import type { CompiledNetwork, CompileRequest } from './compile.ts'
import type { ProtectResult } from './protect.ts'
import { sealForTrial } from './seal-for-trial.ts'
import { openOriginal } from './original.ts'
import { runSegments, type SegmentRun } from './run-segments.ts'
import { Stopwatch, type StageTime } from '../core/stopwatch.ts'

export interface TrialRequest extends CompileRequest {
  readonly inputs: readonly TrialInput[]
  /** A folder that exists and is empty; it gets `owner/` and `edge/`. */
  readonly folder: string
  readonly threads?: number
}

export interface TrialInput {
  readonly path: string
  readonly index: number
  readonly truth?: number
}

export interface TrialSample {
  readonly truth?: number
  /** Labels by ONNX Runtime, by the polynomial network in the clear, and by the encrypted network. */
  readonly original: number
  readonly polynomial: number
  readonly encrypted: number
  /** Encrypted against polynomial, over all outputs. */
  readonly maxAbsDifference: number
  /** Largest |output| of the polynomial network. */
  readonly maxAbsLogit: number
  /** Of the encrypted run, loading and refreshing included. */
  readonly seconds: number
  readonly segments: readonly SegmentRun[]
}

export interface TrialResult extends Omit<
  ProtectResult,
  'bundle' | 'bundles' | 'deployment' | 'publicKey' | 'edgeSeconds' | 'budget'
> {
  readonly samples: readonly TrialSample[]
  readonly stages: readonly StageTime[]
  readonly folder: string
}

/**
 * The whole job on a few inputs: compile, protect, run in another process, decrypt, compare. The owner's files and the
 * edge's are kept apart in `folder`, with the passphrase beside the keys.
 */
export async function trial(request: TrialRequest, work: WorkContext): Promise<TrialResult> {
  const watch = new Stopwatch(work)
  const sealed = await sealForTrial(request.folder, request, work, watch)
  const { edge, bundle, keys, passphrase, compiled, exported } = sealed
  const reference = await watch.time('compare', () =>
    openOriginal(request, compiled, [compiled.typical], { finished: true }),
  )
  const unlocked = new UnlockedKeyStore(keys, { passphrase })
  const opener = await watch.time('decrypt', async () =>
    ResultOpener.load(unlocked, await unlocked.store.read(exported.deployment), compiled.segments.length - 1),
  )
  const samples: TrialSample[] = []
  try {
    for (const [position, { path, index, truth }] of request.inputs.entries()) {
      const result = join(edge, `${position}.result`)
      const run = { bundle, input: { path, index }, result, keys: unlocked, threads: request.threads }
      const startedMs = performance.now()
      const segments = await watch.time('run', () => runSegments(run, work))
      const seconds = Math.round(performance.now() - startedMs) / 1000
      const encrypted = await watch.time('decrypt', async () => opener.open(await readResult(result)))
      const outputs = await watch.time('compare', async () => {
        const input = await inputOf(path, index, compiled)
        const [original] = await reference.run([input])
        return { original: present(original), polynomial: runLayers(compiled.polynomial, input) }
      })
      samples.push({
        ...(truth !== undefined && { truth }),
        ...comparison({ ...outputs, encrypted }, compiled.model),
        seconds,
        segments,
      })
    }
  } finally {
    opener.delete()
    await reference.close()
  }
  const { cuts, bundleBytes, keyBytes, polyModulusDegree, logQP, original, droppedClamps } = exported
  const { seconds, stages } = watch
  const figures = { cuts, bundleBytes, keyBytes, polyModulusDegree, logQP, original, droppedClamps }
  return { samples, stages, folder: request.folder, ...figures, seconds }
}

interface Outputs {
  readonly original: Float64Array
  readonly polynomial: Float64Array
  readonly encrypted: Float64Array
}

function comparison(
  { original, polynomial, encrypted }: Outputs,
  model: Finishing,
): Omit<TrialSample, 'truth' | 'seconds' | 'segments'> {
  return {
    original: model.tail ? labelOf(classScores(model, original)) : finishedLabelOf(original, model.finish),
    polynomial: labelOf(classScores(model, polynomial)),
    encrypted: labelOf(classScores(model, encrypted)),
    maxAbsDifference: Math.max(...polynomial.map((value, at) => Math.abs(value - present(encrypted[at])))),
    maxAbsLogit: Math.max(...polynomial.map(Math.abs)),
  }
}

/** Of outputs after the network's last step, which the original still has. */
function finishedLabelOf(outputs: Float64Array, finish: Finish): number {
  const first = present(outputs[0])
  if (finish === 'argmax') return first
  return finish === 'sigmoid' && outputs.length === 1 ? Number(first > 0.5) : labelOf(outputs)
}

async function inputOf(path: string, index: number, { model, preprocessing }: CompiledNetwork): Promise<Float64Array> {
  const { layout, resize, crop } = preprocessing
  const source = await readSamples(path, { shape: model.input.shape, index, layout, resize, crop })
  return preprocess(source.sample(0), preprocessing)
}

/** A result file, its hashes checked. @throws UserError as `readBytes` and `decodeResult` */
export const readResult = async (path: string) =>
  decodeResult(await readBytes(path, MAX_RESULT_BYTES), (bytes) => createHash('sha256').update(bytes).digest('hex'))
