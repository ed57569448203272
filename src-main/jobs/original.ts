import { applyFinish } from '../core/network/finish.ts'
import type { LayerModel } from '../core/network/layer-model.ts'
import { runLayerBatch } from '../core/network/run-layers.ts'
import { openReference } from '../ort/reference.ts'
import { referenceOptions, type NetworkFile, type NetworkRequest } from './open-network.ts'

/** The network as its owner's file has it, in the clear: what everything else is compared with. */
export interface Original {
  /** Who computes it, and why where that is not ONNX Runtime as it usually runs; for people. */
  readonly computedBy: string
  run(samples: readonly Float64Array[]): Promise<Float64Array[]>
  close(): Promise<void>
}

const saturation = 'without VNNI its kernels for products of uint8 and int8 saturate at 16 bits'

/**
 * ONNX Runtime where the file is ONNX and ends in the scores; for quantised files with its optimiser off. Else our own
 * exact forward pass, of quantised files on integers. `finished`: with softmax and the like, as the file has it.
 */
export async function openOriginal(
  request: NetworkRequest,
  network: NetworkFile,
  { finished = false }: { readonly finished?: boolean } = {},
): Promise<Original> {
  const { model, format } = network
  const form = model.quantised?.form
  const isRuntimes = format === 'onnx' && (form === undefined || form === 'qdq')
  if (!isRuntimes || (!finished && model.finish !== 'none')) return evaluated(network, finished)
  const options = { ...referenceOptions(request, model), literal: form === 'qdq' }
  const reference = await openReference(request.model, options)
  const withoutOptimiser = `ONNX Runtime with its optimiser off: with it, and ${saturation}`
  return {
    computedBy: form === 'qdq' ? withoutOptimiser : 'ONNX Runtime',
    run: (samples) => reference.runBatch(samples),
    close: () => reference.close(),
  }
}

function evaluated({ model, format, onIntegers = model }: NetworkFile, finished: boolean): Original {
  return {
    computedBy: reasonFor(model, format),
    async run(samples) {
      const scores = runLayerBatch(onIntegers, samples)
      return finished ? scores.map((each) => applyFinish(model.finish, each)) : scores
    },
    close: async () => {},
  }
}

function reasonFor({ quantised, finish }: LayerModel, format: NetworkFile['format']): string {
  const own = quantised ? 'Sealwright on the integers of the file' : 'Sealwright in float64'
  if (format === 'tflite') return `${own}: ONNX Runtime does not read TFLite`
  if (quantised?.form === 'qdq' || !quantised) return `${own}, since scores before ${finish} are compared`
  return `${own}: in ONNX Runtime ${saturation}`
}
