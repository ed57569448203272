import type { Command } from 'commander'
import type { Preview } from '../../jobs/preview.ts'
import { answer, command } from '../command.ts'
import {
  classNamesOf,
  preprocessingOf,
  withClassNames,
  networkOf,
  withNetworkNames,
  withPreprocessing,
  type ClassNameOptions,
  type NetworkNameOptions,
  type PreprocessingOptions,
} from '../options.ts'
import { pairs, table } from '../table.ts'
import { times } from '../../core/units.ts'
import { path, wholeNumber } from '../values.ts'

interface Options extends NetworkNameOptions, PreprocessingOptions, ClassNameOptions {
  readonly json?: boolean
  readonly data: string
  readonly index: number
  readonly out?: string
  readonly force?: boolean
}

export function previewCommand(): Command {
  const base = command('preview <model>', 'show one sample as the network gets it: its values, and a picture of them', [
    'sealwright preview resnet.onnx --data images/ --preset imagenet --index 3 --out fed.png',
    'sealwright preview lenet5.onnx --data t10k-images-idx3-ubyte.gz --preset mnist --json',
  ])
    .requiredOption('--data <data>', 'samples: arrays, tables, pictures, folders (docs/data.md)', path)
    .option('--index <number>', 'which sample, from 0', wholeNumber, 0)
    .option('--out <file>', 'write the picture to this PNG file', path)
    .option('--force', 'replace the file if it exists')
  return withNetworkNames(withClassNames(withPreprocessing(base))).action(async (model: string, options: Options) => {
    await answer(options.json === true, async (work) => {
      const { preview } = await import('../../jobs/preview.ts')
      const { data, index, out, force } = options
      const classNames = await classNamesOf(options)
      const network = { ...networkOf(model, options), classNames }
      const preprocessing = preprocessingOf(options)
      const request = { ...network, data, index, preprocessing, out, force: force === true }
      const { picture: _, ...result } = await preview(request, work)
      return { json: result, text: textOf(result) }
    })
  })
}

const figure = (value: number): string => value.toPrecision(4)

function textOf({ name, shape, channels, label, labelName, out }: Omit<Preview, 'picture'>): string {
  const facts = pairs([
    ['sample', name],
    ['shape', times(shape)],
    ...(label === undefined
      ? []
      : [['label', labelName === undefined ? String(label) : `${label} (${labelName})`] as const]),
    ...(out === undefined ? [] : [['picture', out] as const]),
  ])
  const rows = channels.map(({ least, most, mean }, channel) => [channel, figure(least), figure(mean), figure(most)])
  return `${facts}\n\n${table(['channel', 'least', 'mean', 'most'], rows)}`
}
