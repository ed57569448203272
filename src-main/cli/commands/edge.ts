import type { Command } from 'commander'
import { edgeRun } from '../../jobs/edge-run.ts'
import { answer, command, group } from '../command.ts'
import { pairs } from '../table.ts'
import { bytes, seconds } from '../units.ts'
import { path, positiveNumber, wholeNumber } from '../values.ts'

interface RunOptions {
  readonly json?: boolean
  readonly input: string
  readonly index: number
  readonly out: string
  readonly threads?: number
  readonly force?: boolean
}

export function edgeCommand(): Command {
  const edge = group('edge', 'what an untrusted node does with a bundle', [
    'sealwright edge run lenet5.sealed --input digit.png --out digit.result',
  ])
  return edge.addCommand(runCommand())
}

function runCommand(): Command {
  return command('run <bundle>', 'compute on one input with encrypted weights, in a process of its own', [
    'sealwright edge run lenet5.sealed --input digit.png --out digit.result',
    'sealwright edge run lenet5.sealed --input images.npy --index 7 --out 7.result --threads 2 --json',
  ])
    .requiredOption('--input <data>', '.npy, .npz (array x), a picture or a folder of them', path)
    .option('--index <number>', 'which sample of the input, from 0', wholeNumber, 0)
    .requiredOption('--out <file>', 'the encrypted result to write, usually *.result', path)
    .option('--threads <number>', 'worker threads (default: the cores)', positiveNumber)
    .option('--force', 'replace the result if it exists')
    .action(async (bundle: string, options: RunOptions) => {
      await answer(options.json === true, async (work) => {
        const { input, index, out, threads, force } = options
        const result = await edgeRun({ bundle: path(bundle), input, index, out, threads, force: force === true }, work)
        return {
          json: result,
          text: pairs([
            ['result', `${result.result} (${bytes(result.resultBytes)}, encrypted)`],
            ['time', seconds(result.seconds)],
          ]),
        }
      })
    })
}
