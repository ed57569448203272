import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { env, InferenceSession, Tensor, type InferenceSession as Session } from 'onnxruntime-node'
import { UserError } from '../core/errors.ts'
import type { Tensor as GraphTensor } from '../core/graph/graph.ts'
import { integerRanges, type IntegerType } from '../core/graph/integer-types.ts'
import { lastOf, present } from '../core/must.ts'
import { withInput, withOutputs } from '../core/onnx/expose.ts'
import { fromFloat16, toFloat16 } from '../core/onnx/half-floats.ts'

/** Of the ONNX Runtime that is linked. */
export const runtimeVersion: string = env.versions.node ?? env.versions.common

export interface Reference {
  readonly inputName: string
  readonly outputName: string
  /** ONNX Runtime's name of the input's element type, such as 'float32' or 'uint8'. */
  readonly inputType: string
  /** The raw output for one flattened sample in [C,H,W] order, as the model gives it (after its softmax, if any). */
  run(sample: Float64Array): Promise<Float64Array>
  /** The same for many, one by one where the model's batch size is fixed. */
  runBatch(samples: readonly Float64Array[]): Promise<Float64Array[]>
  /** The `traced` tensors for one sample, those of numbers, by name. */
  trace(sample: Float64Array): Promise<Map<string, Float64Array>>
  close(): Promise<void>
}

export interface ReferenceOptions {
  /** Any tensor of the graph. */
  readonly inputName?: string
  /** Any tensor of the graph; the first output unless told. */
  readonly outputName?: string
  /** Further tensors that `trace` gives. */
  readonly traced?: readonly string[]
  /** The order of the model's own input; samples are always [C,H,W]. */
  readonly layout?: 'nchw' | 'nhwc'
  /** The shape to feed, batch included, for models whose own is dynamic. */
  readonly onnxShape?: readonly number[]
  /** What the model's output of integers q stands for: scale · (q − zero) is returned. */
  readonly outputIntegers?: { readonly scale: number; readonly zero: number }
  /** Runs every node by itself: slower, but free of mistakes of the optimiser (zero Pads before MaxPools, in 1.30). */
  readonly literal?: boolean
}

/** Opens a model file, or its bytes, in ONNX Runtime on the CPU. @throws UserError onnxruntime-refused */
export async function openReference(model: string | Uint8Array, options: ReferenceOptions = {}): Promise<Reference> {
  const session = await openSession(model, options)
  const input = pick(session.inputMetadata, options.inputName)
  const outputName = options.outputName ?? present(session.outputNames[0])
  const declared = 'shape' in input ? input.shape : []
  const shape = options.onnxShape ?? declared.map((size) => (typeof size === 'number' && size > 0 ? size : 1))
  const type = 'type' in input ? input.type : 'float32'

  const unread = zerosFor(session.inputMetadata.filter(({ name }) => name !== input.name))
  const feedsOf = (samples: readonly Float64Array[], shapeToFeed: readonly number[]) => {
    const size = shapeToFeed.reduce((product, length) => product * length, 1)
    const values = new Float64Array(size)
    const stride = present(samples[0]).length
    for (let at = 0; at < size / stride; at++) {
      values.set(toLayout(samples[at] ?? lastOf(samples), shape, options.layout), at * stride)
    }
    return { ...unread, [input.name]: tensorOf(type, values, shapeToFeed) }
  }
  const feed = async (samples: readonly Float64Array[], shapeToFeed: readonly number[]): Promise<Float64Array> => {
    const results = await refusing(() => session.run(feedsOf(samples, shapeToFeed), [outputName]))
    const { scale, zero } = options.outputIntegers ?? { scale: 1, zero: 0 }
    const numbers = present(numbersOf(present(results[outputName])))
    return numbers.map((value) => scale * (value - zero))
  }
  const runOne = async (sample: Float64Array): Promise<Float64Array> => {
    const results = await feed([sample], shape)
    const copies = Math.max(1, shape.reduce((product, length) => product * length, 1) / sample.length)
    return results.slice(0, results.length / copies)
  }
  const isFree = declared.length > 1 && typeof declared[0] !== 'number'
  return {
    inputName: input.name,
    outputName,
    inputType: type,
    run: runOne,
    async runBatch(samples) {
      if (!isFree || samples.length === 0) return Promise.all(samples.map(runOne))
      const all = await feed(samples, [samples.length, ...shape.slice(1)]).catch(() => undefined)
      // A Reshape to [1, …] in the file takes one sample, whatever its input says.
      if (!all) return Promise.all(samples.map(runOne))
      const size = all.length / samples.length
      return samples.map((_, index) => all.slice(index * size, (index + 1) * size))
    },
    async trace(sample) {
      const results = await refusing(() => session.run(feedsOf([sample], shape), [...(options.traced ?? [])]))
      const numeric = Object.entries(results).map(([name, tensor]) => [name, numbersOf(tensor)] as const)
      return new Map(numeric.filter((entry): entry is [string, Float64Array] => entry[1] !== undefined))
    },
    close: () => session.release(),
  }
}

/**
 * The outputs of a model that reads nothing, those of finite numbers, by name. `folder`: where it keeps external data.
 * @throws UserError onnxruntime-refused
 */
export async function constantTensors(model: Uint8Array, folder: string): Promise<Map<string, GraphTensor>> {
  const session = await createSession(model, true, folder)
  try {
    const results = Object.entries(await refusing(() => session.run({})))
    return new Map(
      results.flatMap(([name, tensor]) => {
        const data = numbersOf(tensor)
        if (!data?.every(Number.isFinite)) return []
        const integer = tensor.type in integerRanges ? (tensor.type as IntegerType) : undefined
        const elementType = integer ? 'int' : tensor.type === 'bool' ? 'bool' : 'float'
        return [[name, { elementType, shape: tensor.dims, data, ...(integer && { integer }) }] as const]
      }),
    )
  } finally {
    await session.release()
  }
}

/** Inputs that the output does not depend on must be fed all the same; converters leave such behind. */
function zerosFor(inputs: readonly Session.ValueMetadata[]): Record<string, Tensor> {
  const tensors = inputs.flatMap((input) => {
    if (!input.isTensor) return []
    const shape = input.shape.map((size) => (typeof size === 'number' && size > 0 ? size : 1))
    const size = shape.reduce((product, length) => product * length, 1)
    return [[input.name, tensorOf(input.type, new Float64Array(size), shape)] as const]
  })
  return Object.fromEntries(tensors)
}

/** Undefined for text, sequences and maps. */
function numbersOf({ data, type }: Tensor): Float64Array | undefined {
  if (typeof data !== 'object' || Array.isArray(data)) return undefined
  if (type === 'float16' && data instanceof Uint16Array) return Float64Array.from(data, fromFloat16)
  return Float64Array.from(data as ArrayLike<number | bigint>, Number)
}

/** A session in which all named tensors can be fed and fetched, those inside of the graph too. */
async function openSession(model: string | Uint8Array, options: ReferenceOptions): Promise<Session> {
  const { inputName, outputName, onnxShape = [], traced = [], literal = false } = options
  const session = await createSession(model, literal)
  const wanted = [...(outputName === undefined ? [] : [outputName]), ...traced]
  const outputs = wanted.filter((name) => !session.outputNames.includes(name))
  const isInner = inputName !== undefined && session.inputNames.length > 0 && !session.inputNames.includes(inputName)
  const isInput = isInner && onnxShape.length > 0 && !inputName.includes('\0')
  if (outputs.length === 0 && !isInput) return session
  await session.release()
  const bytes = typeof model === 'string' ? await readFile(model) : model
  const exposed = outputs.length > 0 ? withOutputs(bytes, outputs) : bytes
  const folder = typeof model === 'string' ? dirname(resolve(model)) : undefined
  return createSession(isInput ? withInput(exposed, inputName, onnxShape) : exposed, literal, folder)
}

/** `folder`: where a model of bytes keeps external data. */
function createSession(model: string | Uint8Array, literal: boolean, folder?: string): Promise<Session> {
  const options: Session.SessionOptions = {
    logSeverityLevel: 4,
    executionProviders: ['cpu'],
    graphOptimizationLevel: literal ? 'disabled' : 'all',
    ...(folder !== undefined && { extra: { session: { model_external_initializers_file_folder_path: folder } } }),
  }
  return refusing(() =>
    typeof model === 'string' ? InferenceSession.create(model, options) : InferenceSession.create(model, options),
  )
}

/** What ONNX Runtime cannot load or run is the model's fault. */
async function refusing<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new UserError('onnxruntime-refused', `ONNX Runtime refuses the model: ${reason}`, { cause })
  }
}

/** The named input, or the only one: the binding cuts names at a NUL. */
function pick(metadata: readonly Session.ValueMetadata[], name: string | undefined): Session.ValueMetadata {
  const found = metadata.find((candidate) => candidate.name === name)
  const input = found ?? (name === undefined || metadata.length === 1 ? metadata[0] : undefined)
  if (input?.isTensor) return input
  throw new UserError('bad-input-name', `The model has no tensor input “${name ?? ''}”.`)
}

/** [C,H,W] → the model's own order; `shape` is the model's, batch first. */
function toLayout(sample: Float64Array, shape: readonly number[], layout: 'nchw' | 'nhwc' = 'nchw'): Float64Array {
  if (layout === 'nchw') return sample
  const channels = lastOf(shape)
  const plane = sample.length / channels
  return Float64Array.from(sample, (_, index) =>
    present(sample[(index % channels) * plane + Math.floor(index / channels)]),
  )
}

function tensorOf(type: string, values: Float64Array, shape: readonly number[]): Tensor {
  switch (type) {
    case 'float64':
      return new Tensor('float64', values, shape)
    case 'uint8':
      return new Tensor('uint8', Uint8Array.from(values), shape)
    case 'int8':
      return new Tensor('int8', Int8Array.from(values), shape)
    case 'uint16':
      return new Tensor('uint16', Uint16Array.from(values), shape)
    case 'int16':
      return new Tensor('int16', Int16Array.from(values), shape)
    case 'uint32':
      return new Tensor('uint32', Uint32Array.from(values), shape)
    case 'uint64':
      return new Tensor('uint64', BigUint64Array.from(values, BigInt), shape)
    case 'float16':
      return halfTensor(values, shape)
    case 'int32':
      return new Tensor('int32', Int32Array.from(values), shape)
    case 'int64':
      return new Tensor('int64', BigInt64Array.from(values, BigInt), shape)
    default:
      return new Tensor('float32', Float32Array.from(values), shape)
  }
}

/**
 * The binding (1.30) reads bit patterns, which a tensor no longer holds where the platform has Float16Array (Node 24): it
 * would say “not enough space”.
 */
function halfTensor(values: Float64Array, shape: readonly number[]): Tensor {
  const bits = Uint16Array.from(values, toFloat16)
  return Object.defineProperty(new Tensor('float16', bits, shape), 'data', { value: bits })
}
