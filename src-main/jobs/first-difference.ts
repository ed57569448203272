import { unlessUserError, UserError } from '../core/errors.ts'
import { runLayers } from '../core/network/run-layers.ts'
import { applyFinish } from '../core/network/finish.ts'
import type { LayerModel } from '../core/network/layer-model.ts'
import { normalise } from '../core/normalise/normalise.ts'
import { largestDifference, largestOf, type RuntimeDifference } from '../core/validate/same-as-runtime.ts'
import { openReference, runtimeVersion } from '../ort/reference.ts'
import { openGraph, referenceOptions, type NetworkFile, type NetworkRequest } from './open-network.ts'

/** Above what rounding in float32 comes to within a few layers. */
const TOLERANCE = 1e-3

interface Difference {
  readonly node: string
  readonly operator: string
  readonly difference: number
  readonly largest: number
}

/** What rounding does not explain, and the sample on which it is. */
export interface UnexplainedDifference extends Pick<RuntimeDifference, 'difference' | 'largest'> {
  readonly sample: Float64Array
}

/** Throws 'differs-from-onnxruntime', which names the first node whose result differs for the sample. */
export async function refuseDifference(
  request: NetworkRequest,
  { model, onIntegers = model }: NetworkFile,
  { sample, difference, largest }: UnexplainedDifference,
): Promise<never> {
  const found = await firstDifference(request, onIntegers, sample)
  const where = found && { node: found.node, operator: found.operator }
  const place = found
    ? `They first differ at ${found.operator} “${found.node}”, by ${figure(found.difference)} where values reach ${figure(found.largest)}`
    : `They differ by ${figure(difference)} where outputs reach ${figure(largest)}`
  throw new UserError(
    'differs-from-onnxruntime',
    `ONNX Runtime ${runtimeVersion} and Sealwright compute different outputs of “${model.name}” from the first samples. ${place}.`,
    {
      where,
      hint: 'Nothing was written, since one of the two is wrong. Export the network again with another operator set or simplified (onnxsim), and report it with that node.',
    },
  )
}

const figure = (value: number): string => value.toPrecision(3)

/** Runs both up to each node in turn. Undefined where no node can be told. */
async function firstDifference(
  request: NetworkRequest,
  { input, quantised }: LayerModel,
  sample: Float64Array,
): Promise<Difference | undefined> {
  const graph = await openGraph(request)
  const nodes = graph.nodes.flatMap(({ name, operator, outputs: [output = ''] }) =>
    output === '' ? [] : [{ name, operator, output }],
  )
  const theirs = await traced(
    request,
    nodes.map(({ output }) => output),
    sample,
    input,
  )
  for (const { name, operator, output } of nodes) {
    const reference = theirs.get(output)
    // A node that cannot be the end of a network tells nothing.
    const own =
      reference &&
      unlessUserError(() =>
        valueOf(
          normalise(graph, {
            ...request,
            inputShape: input.onnxShape,
            inputForm: input,
            outputName: output,
            onIntegers: quantised !== undefined,
            wholeNetwork: true,
          }),
          sample,
        ),
      )
    if (!own || !reference || own.length !== reference.length) continue
    const difference = largestDifference(own, reference)
    const largest = largestOf(reference)
    if (difference > TOLERANCE * Math.max(largest, TOLERANCE)) return { node: name, operator, difference, largest }
  }
  return undefined
}

const valueOf = (model: LayerModel, sample: Float64Array): Float64Array =>
  applyFinish(model.finish, runLayers(model, sample))

/** ONNX Runtime's values, without optimisation; none where it cannot give them, as of nodes inside of functions. */
async function traced(
  request: NetworkRequest,
  names: readonly string[],
  sample: Float64Array,
  input: LayerModel['input'],
): Promise<ReadonlyMap<string, Float64Array>> {
  const options = { ...referenceOptions(request, { input }), outputIntegers: undefined, traced: names, literal: true }
  try {
    const reference = await openReference(request.model, options)
    try {
      return await reference.trace(sample)
    } finally {
      await reference.close()
    }
  } catch (error) {
    if (error instanceof UserError) return new Map()
    throw error
  }
}
