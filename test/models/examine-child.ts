/**
 * Examines models in a process of its own, one line of JSON each, so that a crash, a hang or full memory is seen from
 * outside. Arguments: `files FOLDER`, or `mutations SEED COUNT`.
 */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { preflight } from '../../src-main/core/normalise/normalise.ts'
import { runLayers } from '../../src-main/core/network/run-layers.ts'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { sizeOf } from '../../src-main/core/network/layer-model.ts'
import { UserError } from '../../src-main/core/errors.ts'
import { externalDataOf } from '../../src-main/jobs/external-data.ts'
import { writeModel } from '../onnx/write-model.ts'
import { buildModel } from '../property/build-model.ts'
import { importModel, randomNumbers, randomSample } from './compare.ts'
import { mutate } from './mutate.ts'
import { mutateModel } from './mutate-model.ts'

export interface Examined {
  readonly id: string
  /** 'model', 'UserError: code', or what should never happen. */
  readonly outcome: string
  readonly cpuMs: number
  /** The most memory this process has held so far. */
  readonly peakBytes: number
}

function examine(id: string, bytes: Uint8Array, externalData?: (location: string) => Uint8Array): void {
  const before = process.cpuUsage()
  let outcome: string
  try {
    const model = importModel(bytes, { externalData })
    runLayers(model, randomSample(sizeOf(model.input.shape), 1))
    preflight(readOnnx(bytes, { externalData }))
    outcome = 'model'
  } catch (error) {
    outcome = error instanceof UserError ? `UserError: ${error.code}` : String((error as Error).stack ?? error)
  }
  const { user, system } = process.cpuUsage(before)
  const peakBytes = process.resourceUsage().maxRSS * 1024
  console.log(JSON.stringify({ id, outcome, cpuMs: (user + system) / 1000, peakBytes } satisfies Examined))
}

function mutation(seed: number): Uint8Array {
  const next = randomNumbers(seed)
  const below = (bound: number): number => Math.floor(((next() + 1) / 2) * bound)
  const choices = Array.from({ length: 8 + below(70) }, () => below(5040))
  const model = buildModel(choices, seed, 1 + below(8))
  return seed % 2 === 0 ? mutate(writeModel(model), seed) : writeModel(mutateModel(model, seed))
}

const [mode, first, count] = process.argv.slice(2)
if (mode === 'files') {
  for (const file of globSync('*.onnx', { cwd: first }).sort()) {
    const path = join(first, file)
    examine(file, readFileSync(path), externalDataOf(path))
  }
} else {
  for (let seed = Number(first); seed < Number(first) + Number(count); seed++) examine(`seed ${seed}`, mutation(seed))
}
