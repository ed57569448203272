import { readFileSync } from 'node:fs'
import { UserError } from '../../src-main/core/errors.ts'
import type { LayerModel } from '../../src-main/core/network/layer-model.ts'
import { externalDataOf } from '../../src-main/jobs/external-data.ts'
import { differenceFromRuntime, importModel } from './compare.ts'

/** What importing one model file came to; `results.json` holds the expected ones. */
export type ModelResult =
  | { readonly result: 'matches' }
  /** Imported, but ONNX Runtime gives nothing to compare with. */
  | { readonly result: 'runtime-refuses' }
  | { readonly result: 'differs'; readonly difference: number }
  | { readonly result: 'refused'; readonly code: string; readonly message: string }

export const tolerance = 1e-4
/** Of integers: one half that is rounded the other way moves what follows by some steps of 255. */
const quantisedTolerance = 0.1

/** Imports a file and compares it with ONNX Runtime; throws only for bugs. */
export async function checkModel(path: string): Promise<ModelResult> {
  let model: LayerModel
  try {
    model = importModel(readFileSync(path), { externalData: externalDataOf(path) })
  } catch (error) {
    if (error instanceof UserError) return { result: 'refused', code: error.code, message: error.message }
    throw error
  }
  try {
    const difference = await differenceOf(path, model)
    const most = model.quantised ? quantisedTolerance : tolerance
    return difference < most ? { result: 'matches' } : { result: 'differs', difference }
  } catch (error) {
    if (error instanceof UserError && error.code === 'onnxruntime-refused') return { result: 'runtime-refuses' }
    throw error
  }
}

/** Quantised networks are compared on integers, with ONNX Runtime's optimiser off: it changes what they compute. */
function differenceOf(path: string, model: LayerModel): Promise<number> {
  if (!model.quantised) return differenceFromRuntime(model, path)
  const options = { externalData: externalDataOf(path), onIntegers: true }
  return differenceFromRuntime(importModel(readFileSync(path), options), path, 2, true)
}
