import type { Command } from 'commander'
import type { ApproximateResult } from '../../jobs/approximate.ts'
import { answer, command } from '../command.ts'
import {
  preprocessingOf,
  withActivation,
  withCalibrationLabels,
  networkOf,
  withNetworkNames,
  withPreprocessing,
  withSplit,
  type ActivationOptions,
  type CalibrationLabelsOptions,
  type NetworkNameOptions,
  type PreprocessingOptions,
  type SplitOptions,
} from '../options.ts'
import { table } from '../table.ts'
import { seconds } from '../../core/units.ts'
import { choiceOf, withPlanFile, type PlanFileOptions } from '../plan-file.ts'
import { path } from '../values.ts'

interface Options
  extends
    NetworkNameOptions,
    PreprocessingOptions,
    CalibrationLabelsOptions,
    ActivationOptions,
    SplitOptions,
    PlanFileOptions {
  readonly json?: boolean
  readonly calibration: string
  readonly out: string
  readonly force?: boolean
}

export function approximateCommand(): Command {
  const base = command('approximate <model>', 'replace activations by polynomials and write the network back as ONNX', [
    'sealwright approximate lenet5.onnx --calibration calibration.npz --scale 1/255 --out approx.onnx',
    'sealwright approximate lenet5.onnx --calibration images/ --activation auto --target 0.995 --out approx.onnx --json',
  ])
    .requiredOption(
      '--calibration <data>',
      'unlabelled samples: arrays, tables, pictures, folders (docs/data.md)',
      path,
    )
    .requiredOption('--out <file>', 'the ONNX file to write', path)
    .option('--force', 'replace the file if it exists')
  return withNetworkNames(
    withPlanFile(withSplit(withActivation(withCalibrationLabels(withPreprocessing(base))))),
  ).action(async (model: string, options: Options, given: Command) => {
    await answer(options.json === true, async (work) => {
      const { approximate } = await import('../../jobs/approximate.ts')
      const { droppedClampsSentence } = await import('../../core/validate/quantised-report.ts')
      const { calibration, out, force } = options
      const preprocessing = preprocessingOf(options)
      const { input: _, minKept: __, ...chosen } = await choiceOf(options, given)
      const request = {
        ...networkOf(model, options),
        calibration,
        preprocessing,
        maxSamples: options.maxSamples,
        calibrationLabels: options.calibrationLabels,
        ...chosen,
        out,
        force: force === true,
      }
      const result = await approximate(request, work)
      const dropped = droppedClampsSentence(result.droppedClamps)
      return { json: result, text: [textOf(result), ...(dropped === undefined ? [] : [dropped])].join('\n\n') }
    })
  })
}

function textOf({ out, depth, layers, original, fitting, frontier, seconds: taken }: ApproximateResult): string {
  const figures = (value: number): string => value.toPrecision(3)
  const fits = layers.map((layer) => [
    layer.name,
    layer.original,
    layer.degree,
    layer.range.map(figures).join(' … '),
    figures(layer.rootMeanSquareError),
    figures(layer.rangeMargin),
  ])
  const tried = (frontier ?? []).map((point) => [
    point.depth,
    point.seconds === undefined ? 'needs a split' : seconds(point.seconds),
    `${(100 * point.agreement).toFixed(2)} %`,
    degreesOf(point),
  ])
  return [
    table(['layer', 'original', 'degree', 'inputs seen', 'error (RMS)', 'range margin'], fits),
    ...(frontier ? [table(['depth', 'time', 'kept (expected)', 'degrees'], tried)] : []),
    ...(fitting ? [fittingOf(fitting)] : []),
    ...(original.computedBy === 'ONNX Runtime' ? [] : [`The original is computed by ${original.computedBy}.`]),
    `wrote ${out}: depth ${depth}, in ${seconds(taken)}`,
  ].join('\n\n')
}

/** What was done to samples, and what came out beyond the original's range. */
function fittingOf({ movements, by, labelled, judged, far }: NonNullable<ApproximateResult['fitting']>): string {
  const used =
    movements.length > 0 ? `samples were augmented: ${movements.join(', ')}` : 'samples were used as they are'
  const lines = [
    used,
    ...(labelled === undefined ? [] : [`tuning used the true classes of ${labelled} samples`]),
    ...(by
      ? [`each ${by} of a channel has polynomials of its own, since the original network tells ${by}s apart`]
      : []),
  ].join('\n')
  if (judged === undefined) return lines
  return `${lines}\n${far} of ${judged} held-out and mixed inputs gave outputs beyond ten times the original's range`
}

/** By degree, the layers that have another than 2. */
function degreesOf({ degrees, splitPools }: NonNullable<ApproximateResult['frontier']>[number]): string {
  const layers = Map.groupBy(Object.entries(degrees), ([, degree]) => degree)
  const each = [...layers].map(([degree, found]) => `${degree}: ${found.map(([name]) => name).join(', ')}`)
  return [...each, ...(splitPools ? ['max-pools by rows and columns'] : [])].join('; ') || '2 everywhere'
}
