import type { Command } from 'commander'
import { answer, command } from '../command.ts'
import {
  preprocessingOf,
  withActivation,
  networkOf,
  withNetworkNames,
  classNamesOf,
  withCalibrationLabels,
  withClassNames,
  withPreprocessing,
  withSplit,
  type ActivationOptions,
  type ClassNameOptions,
  type CalibrationLabelsOptions,
  type NetworkNameOptions,
  type PreprocessingOptions,
  type SplitOptions,
} from '../options.ts'
import { choiceOf, withPlanFile, type PlanFileOptions } from '../plan-file.ts'
import { path, wholeNumber } from '../values.ts'

interface Options
  extends
    NetworkNameOptions,
    PreprocessingOptions,
    CalibrationLabelsOptions,
    ClassNameOptions,
    ActivationOptions,
    SplitOptions,
    PlanFileOptions {
  readonly json?: boolean
  readonly data: string
  readonly labels?: string
  readonly calibration: string
  readonly encrypted: number
  readonly html?: string
  readonly force?: boolean
}

export function validateCommand(): Command {
  const base = command('validate <model>', 'compare original, polynomial and encrypted network on labelled data', [
    'sealwright validate lenet5.onnx --data test.npy --labels labels.npy --calibration calibration.npz --scale 1/255',
    'sealwright validate lenet5.onnx --data images/ --calibration images/ --encrypted 50 --html report.html --json',
  ])
    .requiredOption('--data <data>', 'samples: arrays, tables, pictures, folders (docs/data.md)', path)
    .option(
      '--labels <file>',
      'their classes, if the data does not include them; without labels only agreement is reported',
      path,
    )
    .requiredOption('--calibration <data>', 'unlabelled samples, different from those validated', path)
    .option('--encrypted <number>', 'how many samples to run encrypted too', wholeNumber, 0)
    .option('--html <file>', 'write an HTML page with plots', path)
    .option('--force', 'replace that page if it exists')
  return withNetworkNames(
    withPlanFile(withSplit(withActivation(withClassNames(withCalibrationLabels(withPreprocessing(base)))))),
  ).action(async (model: string, options: Options, given: Command) => {
    await answer(options.json === true, async (work) => {
      const { reportText, validate } = await import('../../jobs/validate.ts')
      const { data, labels, calibration, encrypted, html, force } = options
      const network = {
        ...networkOf(model, options),
        calibration,
        preprocessing: preprocessingOf(options),
        maxSamples: options.maxSamples,
        calibrationLabels: options.calibrationLabels,
        classNames: await classNamesOf(options),
      }
      const { input: _, minKept: __, ...chosen } = await choiceOf(options, given)
      const request = {
        ...network,
        ...chosen,
        data,
        labels,
        encrypted,
        html,
        force: force === true,
      }
      const result = await validate(request, work)
      return { json: result, text: reportText(result).trimEnd() + (html === undefined ? '' : `\n\n${html}`) }
    })
  })
}
