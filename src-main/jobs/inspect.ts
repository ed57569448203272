import { stat } from 'node:fs/promises'
import type { Graph } from '../core/graph/graph.ts'
import type { Finish, Shape } from '../core/network/layer-model.ts'
import { preflight, type LayerReport, type NodeReport } from '../core/normalise/preflight.ts'
import { estimatePlan, type PlanEstimate } from '../core/plan/estimate.ts'
import { reportError, UserError, type ErrorReport } from '../core/errors.ts'
import { withoutLikelyIdleClamps } from '../core/normalise/calibrate-clamps.ts'
import { normalise } from '../core/normalise/normalise.ts'
import { kernelCosts } from '../core/plan/cost-model.ts'
import { compactWeights } from '../core/planner/compact.ts'
import { EVERYDAY_HEADROOM_BITS, parameterCandidates } from '../core/planner/parameters.ts'
import { planNetwork, refuseLarge } from '../core/planner/plan-network.ts'
import { skeletonOf } from '../core/planner/skeleton.ts'
import { exactLayersOf, exactSegmentsOf } from '../core/segment/choose-exact.ts'
import { planSegments } from '../core/segment/plan-segments.ts'
import { depthOf } from '../core/segment/propose-cuts.ts'
import { StretchCosts, type StretchCost } from '../core/compile/stretch-costs.ts'
import { throwIfCancelled, type WorkContext } from '../core/progress.ts'
import { namingFile, readGraph, type NetworkRequest } from './open-network.ts'

export interface InspectResult {
  readonly name: string
  readonly producer: string
  readonly format: 'onnx' | 'tflite'
  /** Of the nodes; TFLite's operators are read as ONNX nodes. */
  readonly opset: number
  readonly fileBytes: number
  /** Whether it can be protected: every node, and as a whole. */
  readonly supported: boolean
  /** Why it cannot be planned in any way, where every node could be protected. */
  readonly problem?: ErrorReport
  /** All of them, in the graph's order. */
  readonly unsupported: readonly UnsupportedNode[]
  /** Where some are: the last tensor with which the network could end, for `--output-name`. */
  readonly lastTensor?: string
  /** The first with which it could begin, for `--input-name`. */
  readonly firstTensor?: string
  /** [channels, height, width]; absent where the network is not supported. */
  readonly inputShape?: Shape
  /** What the owner applies after decryption. */
  readonly finish: Finish
  /** Operators that follow that, done after decryption too; absent where there are none. */
  readonly tail?: readonly string[]
  /** The nodes of the file. */
  readonly layers: readonly InspectedNode[]
  /** What they become: linear maps and activations. */
  readonly normalised: readonly LayerReport[]
  /** Multiplicative depth with quadratic activations. */
  readonly depth: number
  /** Trained numbers of the file. */
  readonly parameters: number
  /** Weights and biases that are encrypted. */
  readonly encryptedValues: number
  readonly multiplications: number
  /** Of the encrypted network with quadratic activations; absent where the network is not supported. */
  readonly estimate?: NetworkEstimate
}

/**
 * Marked as an estimate: no calibration has been seen. `problem` says why there is none of a single segment, and `exactSegments` how
 * many there are with every activation exact; `exact` is what these cost together, where that is told quickly.
 */
export type NetworkEstimate =
  | (PlanEstimate & { readonly segments: 1 })
  | { readonly problem: string; readonly exactSegments: number; readonly exact?: StretchCost }

export interface UnsupportedNode {
  readonly node: string
  readonly operator: string
  readonly reason: string
  readonly help?: string
}

export interface InspectedNode extends Omit<NodeReport, 'node' | 'becomes'> {
  readonly name: string
  /** 'constant', 'view', or the names of the layers it is part of; absent where it is unsupported. */
  readonly becomes?: string
}

/** What a network is made of, and whether it can be protected; what it would cost unless that is not asked for. @throws UserError where the file breaks ONNX's rules */
export async function inspect(
  request: NetworkRequest & { readonly estimate?: false },
  work: WorkContext,
): Promise<InspectResult> {
  work.progress({ kind: 'stage', stage: 'inspect' })
  const { graph, format } = await readGraph(request)
  throwIfCancelled(work)
  const report = namingFile(request.model, () => preflight(graph, request))
  const { finish, tail, depth, parameters, encryptedValues, multiplications, input } = report
  const planned = report.supported ? await planning(graph, request, report) : {}
  const supported = report.supported && !planned.problem
  return {
    name: graph.name,
    producer: graph.producer,
    format,
    opset: graph.opset,
    fileBytes: (await stat(request.model)).size,
    supported,
    unsupported: report.unsupported.map(({ hint, ...node }) => ({
      ...node,
      ...(hint !== undefined && { help: hint }),
    })),
    ...(report.lastTensor !== undefined && { lastTensor: report.lastTensor }),
    ...(report.firstTensor !== undefined && { firstTensor: report.firstTensor }),
    ...(input && { inputShape: input.shape }),
    finish,
    ...(tail && { tail }),
    layers: report.nodes.map(inspectedNode),
    normalised: report.layers,
    depth,
    parameters,
    encryptedValues,
    multiplications,
    ...planned,
  }
}

/** Above this, planning would take longer than people wait for a report. */
const quickMultiplications = 150e6
const quickValues = 3e6

type Size = Pick<InspectResult, 'encryptedValues' | 'multiplications'>

/** Whether there is a plan, and an estimate of it where one is asked for. */
async function planning(
  graph: Graph,
  request: NetworkRequest & { readonly estimate?: boolean },
  { encryptedValues, multiplications }: Size,
): Promise<Pick<InspectResult, 'problem' | 'estimate'>> {
  const model = withoutLikelyIdleClamps(normalise(graph, request))
  const skeleton = skeletonOf(model)
  const tooLarge = refusalOf(() => {
    refuseLarge(skeleton)
  })
  if (tooLarge) return { problem: tooLarge }
  if (request.estimate === false) return {}
  const isQuick = multiplications <= quickMultiplications && encryptedValues <= quickValues
  const refused = isQuick ? undefined : refusalOf(() => parameterCandidates(depthOf(skeleton), EVERYDAY_HEADROOM_BITS))
  const without = (problem: string) => ({ problem, exactSegments: exactSegmentsOf(model) })
  if (!isQuick) return { estimate: without(refused?.message ?? 'The network is too large for a quick estimate.') }
  try {
    const { plan } = compactWeights(planNetwork(skeleton, { searchWidth: 8 }))
    return { estimate: { ...estimatePlan(plan, kernelCosts), segments: 1 } }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const exact = exactLayersOf(model, { by: 'activations', kind: 'exact' }, 2)
    const costs = await new StretchCosts(model, 'encrypted').of({ exact })
    if (!costs && refusalOf(() => planSegments(skeleton, { by: 'depth', kind: 'refresh' }, {}))) {
      return { problem: reportError(error) }
    }
    return { estimate: { ...without(error.message), ...(costs && { exact: costs }) } }
  }
}

/** What the planner says where it refuses. */
function refusalOf(run: () => unknown): ErrorReport | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return reportError(error)
  }
}

function inspectedNode({ node, becomes, ...rest }: NodeReport): InspectedNode {
  return { name: node, ...rest, ...(becomes !== 'unsupported' && { becomes }) }
}
