import type { Command } from 'commander'
import type { PlanResult } from '../../jobs/plan.ts'
import { forecastText } from '../budget.ts'
import { answer, command } from '../command.ts'
import {
  preprocessingOf,
  withActivation,
  withInputMode,
  networkOf,
  withNetworkNames,
  withPreprocessing,
  withSplit,
  type ActivationOptions,
  type InputModeOptions,
  type NetworkNameOptions,
  type PreprocessingOptions,
  type SplitOptions,
} from '../options.ts'
import { pairs, table } from '../table.ts'
import { bytes, seconds } from '../../core/units.ts'
import { choiceOf, withPlanFile, type PlanFileOptions } from '../plan-file.ts'
import { path } from '../values.ts'
import { present } from '../../core/must.ts'

interface Options
  extends NetworkNameOptions, PreprocessingOptions, ActivationOptions, InputModeOptions, SplitOptions, PlanFileOptions {
  readonly json?: boolean
  readonly calibration?: string
  readonly dump?: boolean
}

export function planCommand(): Command {
  const base = command('plan <model>', 'show packing, levels, keys and cost without encrypting anything', [
    'sealwright plan lenet5.onnx',
    'sealwright plan lenet5.onnx --dump',
    'sealwright plan lenet5.onnx --calibration calibration.npz --scale 1/255 --activation 4 --input plain --json',
  ])
    .option('--calibration <data>', 'unlabelled samples; without them, the plan allows for any coefficients', path)
    .option('--dump', 'list every instruction with the level and the scale of its result')
  return withNetworkNames(withPlanFile(withSplit(withInputMode(withActivation(withPreprocessing(base)))))).action(
    async (model: string, options: Options, given: Command) => {
      await answer(options.json === true, async (work) => {
        const { plan } = await import('../../jobs/plan.ts')
        const { calibration, dump, batch, msPerMegabyte } = options
        const preprocessing = preprocessingOf(options)
        const { minKept: _, input = options.input, ...chosen } = await choiceOf(options, given)
        const packing = { maxSamples: options.maxSamples, batch, msPerMegabyte }
        const request = { ...networkOf(model, options), calibration, preprocessing, input, ...chosen, ...packing, dump }
        const result = await plan(request, work)
        return { json: result, text: textOf(result) }
      })
    },
  )
}

function textOf({ segments, owner, budget, forecast }: PlanResult): string {
  const parts = [...(forecast ? [rangesText(forecast)] : []), ...segments.map(segmentText)]
  return [...parts, ...(segments.length === 1 ? [] : [ownerText(owner)]), forecastText(budget)].join('\n\n')
}

function rangesText({ bundleBytes, edgeMemoryBytes, edgeSeconds }: NonNullable<PlanResult['forecast']>): string {
  const range = ({ least, most }: typeof bundleBytes, inUnits: (value: number) => string): string =>
    `${inUnits(least)} to ${inUnits(most)}`
  return pairs([
    ['forecast', 'the range to expect after a fit to calibration data; below, the plan with the largest scale'],
    ['bundle', range(bundleBytes, bytes)],
    ['edge memory', range(edgeMemoryBytes, bytes)],
    ['edge time', `${range(edgeSeconds, seconds)} on one thread`],
  ])
}

const cutNames = {
  'hand-off': 'handed on to the next node as it is',
  refresh: 'refreshed by the owner',
  exact: 'refreshed by the owner, who applies the original activation',
}

const expandedText = ({
  expandedWeights,
  expansionRotations,
  expansionSeconds,
}: PlanResult['segments'][number]): string =>
  `${expandedWeights} weights, once at load: ${expansionRotations} key switches, about ${seconds(expansionSeconds)} on one thread`

const memoryText = ({
  edgeMemoryBytes,
  leastEdgeMemoryBytes,
  expandedWeights,
}: PlanResult['segments'][number]): string =>
  `about ${bytes(edgeMemoryBytes)}; with --memory from ${bytes(leastEdgeMemoryBytes)} on` +
  (expandedWeights > 0 ? ', where weights without room are expanded for every input' : '')

function segmentText(segment: PlanResult['segments'][number], index: number): string {
  const { cut, receivedBytes, sentBytes, sees } = segment
  const facts = pairs([
    ['segment', String(index + 1)],
    [
      'parameters',
      `N = ${segment.polyModulusDegree}, log2 QP = ${Math.round(segment.logQP)}, depth ${segment.depth} on ${segment.levels} levels`,
    ],
    ['bundle', `about ${bytes(segment.weightBytes)} of weights, ${bytes(segment.keyBytes)} of keys`],
    ['ciphertexts', `${receivedBytes === 0 ? 'its own input' : `${bytes(receivedBytes)} in`}, ${bytes(sentBytes)} out`],
    [
      'node sees',
      `${sees.input === 'own-samples' ? 'its own samples' : 'ciphertexts'}, kinds and shapes of these layers; no weight, no other value`,
    ],
    ...(cut ? [['after it', `${cut.after}: ${cutNames[cut.kind]}`] as [string, string]] : []),
    ...(segment.expandedWeights > 0 ? [['expanded', expandedText(segment)] as [string, string]] : []),
    ['edge memory', memoryText(segment)],
    [
      'edge time',
      `about ${seconds(segment.edgeSeconds)} on one thread, ${seconds(segment.edgeSecondsOnTwoThreads)} on two`,
    ],
  ])
  const rows = segment.layers.map((layer) => [
    layer.name,
    layer.kind,
    layer.products,
    layer.rotations,
    layer.relinearisations,
  ])
  const layers = table(['layer', 'kind', 'products', 'rotations', 'relinearisations'], rows)
  return [facts, layers, ...(segment.instructions ? [dumpText(segment.instructions)] : [])].join('\n\n')
}

/** As many operands as a line holds; JSON has all. */
const maxOperands = 6

function dumpText(instructions: NonNullable<PlanResult['segments'][number]['instructions']>): string {
  const rows = instructions.map(({ layer, op, out, in: operands, steps, primes, scaleBits, parts }) => [
    layer,
    `%${out} = ${op} ${operands
      .slice(0, maxOperands)
      .map((register) => `%${register}`)
      .join(' ')}` +
      `${operands.length > maxOperands ? ` and ${operands.length - maxOperands} more` : ''}${steps === undefined ? '' : ` by ${steps}`}`,
    primes,
    scaleBits.toFixed(2),
    parts,
  ])
  return table(['layer', 'instruction', 'primes', 'scale bits', 'parts'], rows)
}

function ownerText(owner: PlanResult['owner']): string {
  const rows = owner.map(({ act, beforeSegment, layers, receivedBytes, sentBytes }) => [
    act === 'open' ? 'opens the result' : `refreshes for segment ${present(beforeSegment) + 1}`,
    layers.join(', '),
    bytes(receivedBytes),
    sentBytes === 0 ? '' : bytes(sentBytes),
  ])
  return table(['the owner, online', 'applies', 'receives', 'sends'], rows)
}
