import type { Command } from 'commander'
import type { PlanResult } from '../../jobs/plan.ts'
import { answer, command } from '../command.ts'
import {
  activationOf,
  preprocessingOf,
  withActivation,
  withInputMode,
  withNetworkNames,
  withPreprocessing,
  type ActivationOptions,
  type InputModeOptions,
  type PreprocessingOptions,
} from '../options.ts'
import { pairs, table } from '../table.ts'
import { bytes, seconds } from '../units.ts'
import { path } from '../values.ts'

interface Options extends PreprocessingOptions, ActivationOptions, InputModeOptions {
  readonly json?: boolean
  readonly calibration?: string
  readonly inputName?: string
  readonly outputName?: string
}

export function planCommand(): Command {
  const base = command('plan <model>', 'packing, levels, keys and cost, without encrypting anything', [
    'sealwright plan lenet5.onnx',
    'sealwright plan lenet5.onnx --calibration calibration.npz --scale 1/255 --activation 4 --input plain --json',
  ]).option('--calibration <data>', 'unlabelled samples; without them activations are planned as squarings', path)
  return withNetworkNames(withInputMode(withActivation(withPreprocessing(base)))).action(
    async (model: string, options: Options) => {
      await answer(options.json === true, async (work) => {
        const { plan } = await import('../../jobs/plan.ts')
        const { calibration, input, batch, split, inputName, outputName } = options
        const network = { model: path(model), inputName, outputName }
        const preprocessing = preprocessingOf(options)
        const request = { ...network, calibration, preprocessing, ...activationOf(options), input, batch, split }
        const result = await plan(request, work)
        return { json: result, text: result.segments.map(segmentText).join('\n\n') }
      })
    },
  )
}

function segmentText(segment: PlanResult['segments'][number]): string {
  const facts = pairs([
    [
      'parameters',
      `N = ${segment.polyModulusDegree}, log2 QP = ${Math.round(segment.logQP)}, ${segment.levels} levels`,
    ],
    ['bundle', `about ${bytes(segment.bundleBytes)}, keys ${bytes(segment.keyBytes)} of it`],
    ['edge memory', `about ${bytes(segment.edgeMemoryBytes)}`],
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
  return [facts, table(['layer', 'kind', 'products', 'rotations', 'relinearisations'], rows)].join('\n\n')
}
