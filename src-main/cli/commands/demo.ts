import type { Command } from 'commander'
import type { TrialResult } from '../../jobs/trial.ts'
import { answer, command } from '../command.ts'
import { pairs, table } from '../table.ts'
import { bytes, seconds } from '../../core/units.ts'
import { path, positiveNumber } from '../values.ts'

interface Options {
  readonly json?: boolean
  readonly out?: string
  readonly threads?: number
}

export function demoCommand(): Command {
  return command('demo', 'protect the sample network, run it on three encrypted digits, decrypt and compare', [
    'sealwright demo',
    'sealwright demo --out demo --json',
  ])
    .option('--out <folder>', 'folder to create for the files (default: a new temporary folder)', path)
    .option('--threads <number>', 'worker threads of the edge (default: one per core)', positiveNumber)
    .action(async ({ json, out, threads }: Options) => {
      await answer(json === true, async (work) => {
        const { demo } = await import('../../jobs/demo.ts')
        const result = await demo({ folder: out, threads }, work)
        return { json: result, text: textOf(result) }
      })
    })
}

function textOf(result: TrialResult): string {
  const samples = result.samples.map(({ truth, original, polynomial, encrypted, maxAbsDifference, maxAbsLogit }) => [
    truth ?? '?',
    original,
    polynomial,
    encrypted,
    `${maxAbsDifference.toExponential(1)} (${((100 * maxAbsDifference) / maxAbsLogit).toFixed(3)} %)`,
  ])
  const changed = result.samples.filter(({ original, encrypted }) => original !== encrypted).length
  return [
    table(['digit', 'ONNX Runtime', 'polynomial', 'encrypted', 'largest difference (of the largest logit)'], samples),
    '',
    table(
      ['stage', 'time'],
      result.stages.map((stage) => [stage.name, seconds(stage.seconds)]),
    ),
    '',
    pairs([
      ['bundle', `${bytes(result.bundleBytes)}, of which keys ${bytes(result.keyBytes)}`],
      ['parameters', `N = ${result.polyModulusDegree}, log2 QP = ${result.logQP}, 128-bit`],
      ['files', result.folder],
    ]),
    '',
    changed === 0
      ? 'Every encrypted label is that of the original network.'
      : `${changed} of ${result.samples.length} encrypted labels differ from those of the original network.`,
  ].join('\n')
}
