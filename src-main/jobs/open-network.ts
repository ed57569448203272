import { basename } from 'node:path'
import { UserError } from '../core/errors.ts'
import type { Graph } from '../core/graph/graph.ts'
import { normalise } from '../core/normalise/normalise.ts'
import type { LayerModel } from '../core/network/layer-model.ts'
import { readOnnx } from '../core/onnx/read-onnx.ts'
import { readBytes } from '../files/read-file.ts'
import { sha256 } from '../files/sha256.ts'
import { externalDataOf } from './external-data.ts'

/** Which network a job is about; names choose among several inputs or outputs. */
export interface NetworkRequest {
  readonly model: string
  readonly inputName?: string
  readonly outputName?: string
}

/** A network as it was read: what is compiled is what the hash is of. */
export interface NetworkFile {
  readonly model: LayerModel
  /** Of the ONNX file, in hexadecimal. */
  readonly sha256: string
}

/** @throws UserError file-…, not-onnx, and what core/onnx/ says; `where.file` names the model. */
export const openGraph = async (request: NetworkRequest): Promise<Graph> => (await readGraph(request)).graph

async function readGraph({ model }: NetworkRequest): Promise<{ readonly graph: Graph; readonly bytes: Uint8Array }> {
  const bytes = await readBytes(model)
  const options = { externalData: externalDataOf(model), name: basename(model, '.onnx') }
  return { graph: namingFile(model, () => readOnnx(bytes, options)), bytes }
}

/** @throws UserError as `openGraph`, and unsupported-operators with all of them. */
export async function openNetworkFile(request: NetworkRequest): Promise<NetworkFile> {
  const { graph, bytes } = await readGraph(request)
  return { model: namingFile(request.model, () => normalise(graph, request)), sha256: sha256(bytes) }
}

/** @throws UserError as `openNetworkFile` */
export const openNetwork = async (request: NetworkRequest): Promise<LayerModel> =>
  (await openNetworkFile(request)).model

/** How ONNX Runtime is fed for this network. */
export const referenceOptions = (
  { inputName, outputName }: Pick<NetworkRequest, 'inputName' | 'outputName'>,
  { input: { layout, onnxShape, name }, quantised }: LayerModel,
) => ({ layout, onnxShape, outputIntegers: quantised?.outputIntegers, inputName: inputName ?? name, outputName })

export function namingFile<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof UserError) || error.where?.file !== undefined) throw error
    const { code, message, where, hint, cause } = error
    throw new UserError(code, message, { where: { file, ...where }, hint, cause })
  }
}
