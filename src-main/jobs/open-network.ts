import { present } from '../core/must.ts'
import { basename, dirname, resolve } from 'node:path'
import { UserError } from '../core/errors.ts'
import type { Graph, Tensor } from '../core/graph/graph.ts'
import { withoutEnding } from '../core/network/file-name.ts'
import { constantsLeft } from '../core/normalise/constants-left.ts'
import { normalise } from '../core/normalise/normalise.ts'
import { classesOf, type LayerModel } from '../core/network/layer-model.ts'
import { classNamesIn, classNamesOfNodes } from '../core/onnx/class-names.ts'
import { constantPart } from '../core/onnx/expose.ts'
import { readOnnx } from '../core/onnx/read-onnx.ts'
import { isTflite, readTflite } from '../core/tflite/read-tflite.ts'
import { readBytes } from '../files/read-file.ts'
import { sha256 } from '../files/sha256.ts'
import { constantTensors } from '../ort/reference.ts'
import { openShape } from './open-shape.ts'
import { externalDataOf } from './external-data.ts'

/** Which network a job is about; names choose among several inputs or outputs. */
export interface NetworkRequest {
  readonly model: string
  readonly inputName?: string
  readonly outputName?: string
  /** Where the network leaves sizes open. */
  readonly inputShape?: readonly number[]
  /** The outputs are quantities and not the scores of classes. */
  readonly quantities?: boolean
}

export interface OpenNetworkRequest extends NetworkRequest {
  /** Samples that say sizes which the network leaves open, where `inputShape` does not. */
  readonly calibration?: string
  /** Names of classes, so that the outputs are their scores. */
  readonly classNames?: readonly string[]
}

/** A network as it was read: what is compiled is what the hash is of. */
export interface NetworkFile {
  readonly model: LayerModel
  /** Of the file, in hexadecimal. */
  readonly sha256: string
  readonly format: 'onnx' | 'tflite'
  /** Of a quantised file: the network that rounds as the file does. */
  readonly onIntegers?: LayerModel
  /** What ONNX Runtime is asked for, where the file's output is a map of names: what the map holds. */
  readonly comparedOutput?: string
  /** Whether the file computes in half precision somewhere. */
  readonly isHalf: boolean
  /** In the order of the outputs, where the file has them. */
  readonly classNames?: readonly string[]
}

/** Reads ONNX or TFLite, by the first bytes. @throws UserError file-…, and what core/onnx/ and core/tflite/ say; `where.file` names the model. */
export const openGraph = async (request: NetworkRequest): Promise<Graph> => (await readGraph(request)).graph

export interface ReadFile extends Pick<NetworkFile, 'format'> {
  readonly graph: Graph
  readonly bytes: Uint8Array
}

/** As `openGraph`, with the bytes and the format that they have. */
export async function readGraph({ model }: NetworkRequest): Promise<ReadFile> {
  const bytes = await readBytes(model)
  const name = networkName(model)
  const { graph, format } = namingFile(model, () => {
    if (isTflite(bytes)) return { graph: readTflite(bytes, { name }), format: 'tflite' as const }
    return { graph: readOnnx(bytes, { externalData: externalDataOf(model), name }), format: 'onnx' as const }
  })
  return { graph: format === 'onnx' ? await withConstants(graph, bytes, model) : graph, bytes, format }
}

/** What depends on constants only and our own evaluator does not compute, ONNX Runtime does, where it can. */
async function withConstants(graph: Graph, bytes: Uint8Array, model: string): Promise<Graph> {
  const names = namingFile(model, () => constantsLeft(graph))
  if (names.length === 0) return graph
  const computed = await constantTensors(constantPart(bytes, names), dirname(resolve(model))).catch(
    (error: unknown) => {
      if (error instanceof UserError) return new Map<string, Tensor>()
      throw error
    },
  )
  const nodes = graph.nodes.filter(({ outputs }) => !outputs.every((name) => name === '' || computed.has(name)))
  return { ...graph, nodes, constants: new Map([...graph.constants, ...computed]) }
}

/** The file's name without its folder and ending. */
export const networkName = (model: string): string => withoutEnding(basename(model))

/** @throws UserError as `openGraph`, and unsupported-operators with all of them. */
export async function openNetworkFile(request: OpenNetworkRequest): Promise<NetworkFile> {
  const { graph, bytes, format } = await readGraph(request)
  const choice = { ...request, inputShape: request.inputShape ?? (await openShape(graph, request.calibration)) }
  return namingFile(request.model, () => {
    const read = normalise(graph, choice)
    const onIntegers = read.quantised && normalise(graph, { ...choice, onIntegers: true, inputForm: read.input })
    const classes = Math.max(2, classesOf(read))
    const classNames = classNamesIn(graph.metadata ?? new Map(), classes) ?? classNamesOfNodes(graph, classes)
    const stated = request.quantities ?? ((request.classNames ?? classNames) && false)
    return {
      model: stated === undefined ? read : { ...read, quantities: stated },
      sha256: sha256(bytes),
      format,
      isHalf: castsToHalf(graph),
      ...mappedOutput(graph, request),
      ...(onIntegers && { onIntegers }),
      ...(classNames && { classNames }),
    }
  })
}

/** ZipMap writes a map for each sample, which the Node binding does not hand over. */
function mappedOutput({ nodes, outputs }: Graph, { outputName }: NetworkRequest) {
  const name = outputName ?? present(outputs[0]).name
  const map = nodes.find((node) => node.operator === 'ZipMap' && node.outputs[0] === name)
  return map && { comparedOutput: map.inputs[0] }
}

/** TensorProto.DataType: float16 and bfloat16. */
const castsToHalf = ({ nodes }: Graph): boolean =>
  nodes.some(({ operator, attributes: { to } }) => operator === 'Cast' && (to === 10 || to === 16))

/** @throws UserError as `openNetworkFile` */
export const openNetwork = async (request: OpenNetworkRequest): Promise<LayerModel> =>
  (await openNetworkFile(request)).model

/** How ONNX Runtime is fed for this network. */
export const referenceOptions = (
  { inputName, outputName }: Pick<NetworkRequest, 'inputName' | 'outputName'>,
  { input: { layout, onnxShape, name }, quantised }: Pick<LayerModel, 'input' | 'quantised'>,
) => ({ layout, onnxShape, outputIntegers: quantised?.outputIntegers, inputName: inputName ?? name, outputName })

/** Adds the file to errors of `read` that do not say where they are. */
export function namingFile<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof UserError) || error.where?.file !== undefined) throw error
    const { code, message, where, hint, cause } = error
    throw new UserError(code, message, { where: { file, ...where }, hint, cause })
  }
}
