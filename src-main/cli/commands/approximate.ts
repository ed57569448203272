import type { Command } from 'commander'
import type { ApproximateResult } from '../../jobs/approximate.ts'
import { answer, command } from '../command.ts'
import {
  activationOf,
  preprocessingOf,
  withActivation,
  withNetworkNames,
  withPreprocessing,
  type ActivationOptions,
  type PreprocessingOptions,
} from '../options.ts'
import { table } from '../table.ts'
import { seconds } from '../units.ts'
import { path } from '../values.ts'

interface Options extends PreprocessingOptions, ActivationOptions {
  readonly json?: boolean
  readonly calibration: string
  readonly out: string
  readonly force?: boolean
  readonly inputName?: string
  readonly outputName?: string
}

export function approximateCommand(): Command {
  const base = command('approximate <model>', 'replace activations by polynomials and write the network back as ONNX', [
    'sealwright approximate lenet5.onnx --calibration calibration.npz --scale 1/255 --out approx.onnx',
    'sealwright approximate lenet5.onnx --calibration images/ --activation auto --target 0.995 --out approx.onnx --json',
  ])
    .requiredOption('--calibration <data>', 'unlabelled samples: .npy, .npz, a picture or a folder of them', path)
    .requiredOption('--out <file>', 'the ONNX file to write', path)
    .option('--force', 'replace the file if it exists')
  return withNetworkNames(withActivation(withPreprocessing(base))).action(async (model: string, options: Options) => {
    await answer(options.json === true, async (work) => {
      const { approximate } = await import('../../jobs/approximate.ts')
      const { calibration, out, force, inputName, outputName } = options
      const network = { model: path(model), inputName, outputName }
      const preprocessing = preprocessingOf(options)
      const request = { ...network, calibration, preprocessing, ...activationOf(options), out, force: force === true }
      const result = await approximate(request, work)
      return { json: result, text: textOf(result) }
    })
  })
}

function textOf({ out, depth, layers, frontier, seconds: taken }: ApproximateResult): string {
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
    `${(100 * point.agreement).toFixed(2)} %`,
    Object.keys(point.degrees).join(', ') || 'none',
  ])
  return [
    table(['layer', 'original', 'degree', 'inputs seen', 'error (RMS)', 'range margin'], fits),
    ...(frontier ? [table(['depth', 'labels kept', 'layers of degree 4'], tried)] : []),
    `${out}, depth ${depth}, ${seconds(taken)}`,
  ].join('\n\n')
}
