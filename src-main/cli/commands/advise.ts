import { Option, type Command } from 'commander'
import { GOALS, nearest, type Candidate, type Goal } from '../../core/compile/candidates.ts'
import { deploymentWords, leftOutWords } from '../../core/compile/deployment-words.ts'
import type { AdviseResult } from '../../jobs/advise.ts'
import { answer, command } from '../command.ts'
import {
  inputOption,
  minKeptOption,
  preprocessingOf,
  withNetworkNames,
  withPreprocessing,
  type NetworkNameOptions,
  type PreprocessingOptions,
} from '../options.ts'
import { table } from '../table.ts'
import { bytes, seconds } from '../../core/units.ts'
import { byteSize, path, wholeNumber } from '../values.ts'
import { DEFAULTS } from '../../jobs/defaults.ts'

interface Options extends NetworkNameOptions, PreprocessingOptions {
  readonly json?: boolean
  readonly calibration: string
  readonly input: 'encrypted' | 'plain'
  readonly goal: Goal
  readonly maxBundle?: number
  readonly maxRefreshes?: number
  readonly minKept: number
  readonly out?: string
  readonly force?: boolean
}

export function adviseCommand(): Command {
  const base = command('advise <model>', 'compare deployments: what each keeps and costs, and which suits a goal', [
    'sealwright advise kws.onnx --calibration samples.npy --goal offline',
    'sealwright advise lenet5.onnx --calibration calibration.npz --scale 1/255 --goal small --max-refreshes 2 --out plan.json',
    'sealwright protect lenet5.onnx --plan plan.json --calibration calibration.npz --scale 1/255 --keys keys --out lenet5.sealed',
  ])
    .requiredOption(
      '--calibration <data>',
      'unlabelled samples: arrays, tables, pictures, folders (docs/data.md)',
      path,
    )
    .addOption(
      new Option('--goal <goal>', 'no owner online, smallest bundle, shortest time, or nothing lost')
        .choices(GOALS)
        .default('offline'),
    )
    .option('--max-bundle <bytes>', 'largest bundle, such as 100M', byteSize)
    .option('--max-refreshes <number>', 'most round trips to the owner', wholeNumber)
    .addOption(minKeptOption('share of the labels to keep'))
    .addOption(inputOption())
    .option('--out <file>', 'write the recommended choice for protect --plan', path)
    .option('--force', 'replace that file if it exists')
  return withNetworkNames(withPreprocessing(base)).action(async (model: string, options: Options) => {
    await answer(options.json === true, async (work) => {
      const { advise } = await import('../../jobs/advise.ts')
      const { maxBundle, force, json: _, ...rest } = options
      const request = {
        ...rest,
        model: path(model),
        preprocessing: preprocessingOf(options),
        maxBundleBytes: maxBundle,
      }
      const result = await advise({ ...request, force: force === true }, work)
      return { json: result, text: textOf(result, options), exitCode: result.recommended === undefined ? 1 : 0 }
    })
  })
}

function textOf(result: AdviseResult, options: Options): string {
  const { candidates, recommended, complete, skipped, impossible, triedRefreshes, out, seconds: taken } = result
  const leftOut = leftOutWords(result)
  const rows = candidates.map((candidate, i) => [
    i === recommended ? '→' : '',
    deploymentWords(candidate),
    keptOf(candidate),
    candidate.refreshes,
    seconds(candidate.edgeSeconds),
    bytes(candidate.edgeMemoryBytes),
    bytes(candidate.bundleBytes),
    bytes(candidate.updateBytes),
    bytes(candidate.trafficBytes),
  ])
  const chosen = recommended === undefined ? undefined : candidates[recommended]
  return [
    table(['', 'deployment', 'keeps', 'refreshes', 'edge time', 'memory', 'bundle', 'update', 'traffic'], rows),
    chosen ? verdict(chosen, result.enough === true, options) : noneWithin(candidates, options),
    ...(triedRefreshes === undefined ? [] : [`Deployments with more than ${triedRefreshes} refreshes were not tried.`]),
    ...(leftOut === undefined ? [] : [leftOut]),
    ...(complete ? [] : ['Stopped early: not every deployment was tried.']),
    ...(skipped.length > 0
      ? [`${skipped.length} others were not measured to the end: one of these keeps as much and costs less.`]
      : []),
    ...(impossible.length > 0 ? [`${impossible.length} others cannot be planned (--json says why).`] : []),
    out === undefined ? seconds(taken) : `${out}, ${seconds(taken)}`,
  ].join('\n\n')
}

function verdict(chosen: Candidate, enough: boolean, options: Options): string {
  const { goal, minKept } = options
  const lines = [`For “${goal}”: ${optionsOf(chosen, options)}`]
  if (!enough) {
    const less = chosen.judgedBy === 'labels' ? 'It keeps less than' : 'Its outputs are further off than'
    const least = chosen.judgedBy === 'labels' ? minKept : 1 - minKept
    lines.push(
      goal === 'exact'
        ? 'It is not exact: nothing within the limits is.'
        : `${less} ${percent(least)} %: nothing within the limits keeps more.`,
    )
  }
  if (chosen.ownerSeconds > chosen.clearSeconds) {
    lines.push(
      `Refreshing takes the owner about ${seconds(chosen.ownerSeconds)} a sample; running the whole network in the clear would take about ${seconds(chosen.clearSeconds)}. The edge saves the owner no work.`,
    )
  }
  return lines.join('\n')
}

/** What the person could do instead. */
function noneWithin(candidates: readonly Candidate[], { goal, out, ...limits }: Options): string {
  const offers = nearest(candidates, goal, { ...limits, maxBundleBytes: limits.maxBundle }).map(
    (candidate) =>
      `  ${deploymentWords(candidate)}: ${bytes(candidate.bundleBytes)}, ${candidate.refreshes} refreshes, keeps ${keptOf(candidate)}`,
  )
  return [
    `No deployment is within these limits${out === undefined ? '' : `, and ${out} was not written`}. Nearest:`,
    ...offers,
  ].join('\n')
}

const percent = (share: number): number => Number((100 * share).toPrecision(4))

const keptOf = ({ judgedBy, keptLabels, keptLow, relativeError }: Candidate): string =>
  judgedBy === 'labels'
    ? `${(100 * keptLabels).toFixed(1)} % (≥ ${(100 * keptLow).toFixed(0)} %)`
    : relativeError > 10
      ? 'nothing'
      : `error ${(100 * relativeError).toPrecision(2)} %`

/** The options of `protect` that make it; degrees of single layers have none, and need the plan file. */
function optionsOf({ degree, degrees, splitPools, split }: Candidate, { input, minKept, out }: Options): string {
  if (out !== undefined) return `protect --plan ${out}`
  if (Object.keys(degrees).length > 0) return 'protect --plan FILE (advise --out FILE)'
  const rule =
    split.by === 'activations'
      ? 'exact'
      : split.by === 'cuts'
        ? split.cuts.map(({ after, kind }) => `${after}:${kind}`).join(',')
        : split.by === 'refreshes'
          ? `refreshes=${split.refreshes}:${split.kind}`
          : `auto${split.kind === 'exact' ? ':exact' : ''}`
  return [
    'protect',
    `--activation ${degree}`,
    ...(splitPools ? ['--split-pools'] : []),
    ...(rule ? [`--split ${rule}`] : []),
    ...(input === DEFAULTS.input ? [] : [`--input ${input}`]),
    ...(minKept === DEFAULTS.minKept ? [] : [`--min-kept ${minKept}`]),
  ].join(' ')
}
