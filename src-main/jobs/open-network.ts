import { basename } from 'node:path'
import { UserError } from '../core/errors.ts'
import type { Graph } from '../core/graph/graph.ts'
import { normalise } from '../core/normalise/normalise.ts'
import type { LayerModel } from '../core/network/layer-model.ts'
import { readOnnx } from '../core/onnx/read-onnx.ts'
import { readBytes } from '../data/read-file.ts'
import { externalDataOf } from './external-data.ts'

/** Which network a job is about; names choose among several inputs or outputs. */
export interface NetworkRequest {
  readonly model: string
  readonly inputName?: string
  readonly outputName?: string
}

/** @throws UserError file-…, not-onnx, and what core/onnx/ says; `where.file` names the model. */
export async function openGraph({ model }: NetworkRequest): Promise<Graph> {
  const bytes = await readBytes(model)
  return namingFile(model, () =>
    readOnnx(bytes, { externalData: externalDataOf(model), name: basename(model, '.onnx') }),
  )
}

/** @throws UserError as `openGraph`, and unsupported-operators with all of them. */
export async function openNetwork(request: NetworkRequest): Promise<LayerModel> {
  const graph = await openGraph(request)
  return namingFile(request.model, () => normalise(graph, request))
}

/** How ONNX Runtime is fed for this network. */
export const referenceOptions = (
  { inputName, outputName }: Pick<NetworkRequest, 'inputName' | 'outputName'>,
  { input: { layout, onnxShape, name } }: LayerModel,
) => ({ layout, onnxShape, inputName: inputName ?? name, outputName })

export function namingFile<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof UserError) || error.where?.file !== undefined) throw error
    const { code, message, where, hint, cause } = error
    throw new UserError(code, message, { where: { file, ...where }, hint, cause })
  }
}
