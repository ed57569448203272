import { present } from '../../core/must.ts'
import type { Command } from 'commander'
import { UserError } from '../../core/errors.ts'
import { keptText } from '../../core/validate/kept.ts'
import { DEFAULTS } from '../../jobs/defaults.ts'
import type { ProtectResult } from '../../jobs/protect.ts'
import type { UpdateResult } from '../../jobs/update.ts'
import { policyPairs } from '../budget.ts'
import { answer, command } from '../command.ts'
import {
  minKeptOption,
  preprocessingOf,
  withActivation,
  withInputMode,
  networkOf,
  withNetworkNames,
  withLock,
  classNamesOf,
  withCalibrationLabels,
  withClassNames,
  withPreprocessing,
  withSplit,
  type ActivationOptions,
  type InputModeOptions,
  type LockOptions,
  type ClassNameOptions,
  type CalibrationLabelsOptions,
  type NetworkNameOptions,
  type PreprocessingOptions,
  type SplitOptions,
} from '../options.ts'
import { choiceOf, givenOf, withPlanFile, type PlanFileOptions } from '../plan-file.ts'
import { policyOf, revealOption, topOption, type RevealMode } from '../reveal.ts'
import { readLock, readUnlock } from '../passphrase.ts'
import { pairs } from '../table.ts'
import { bytes, seconds } from '../../core/units.ts'
import { number, path, positiveNumber } from '../values.ts'

interface Options
  extends
    NetworkNameOptions,
    PreprocessingOptions,
    CalibrationLabelsOptions,
    ClassNameOptions,
    ActivationOptions,
    InputModeOptions,
    SplitOptions,
    PlanFileOptions,
    LockOptions {
  readonly json?: boolean
  readonly calibration: string
  readonly keys: string
  readonly out: string
  readonly reveal: RevealMode
  readonly top: number
  readonly releases?: number
  readonly audit?: number
  readonly signingKey?: string
  readonly perNode?: boolean
  readonly minKept: number
  readonly update?: string
  readonly identity?: string
  readonly force?: boolean
}

export function protectCommand(): Command {
  const base = command('protect <model>', 'encrypt the weights of a network and export a bundle for edge nodes', [
    'sealwright protect lenet5.onnx --calibration calibration.npz --scale 1/255 --mean 0.1307 --std 0.3081 \\\n      --keys keys --out lenet5.sealed',
    'sealwright protect lenet5.onnx --calibration images/ --keys keys --out lenet5.sealed --input plain --json',
    'sealwright protect lenet5.onnx --plan plan.json --calibration images/ --keys keys --out lenet5.sealed',
    'sealwright protect lenet5-v2.onnx --calibration images/ --keys keys --update 4f2a91c0 --out lenet5-v2.pack',
  ])
  base
    .requiredOption(
      '--calibration <data>',
      'unlabelled samples: arrays, tables, pictures, folders (docs/data.md)',
      path,
    )
    .requiredOption('--keys <folder>', 'key store; created if it does not exist', path)
    .requiredOption('--out <file>', 'the bundle to write, usually *.sealed', path)
  withPlanFile(withSplit(withInputMode(withActivation(withClassNames(withCalibrationLabels(withPreprocessing(base)))))))
    .addOption(revealOption('what decryption reveals; scores with --quantities').default(DEFAULTS.reveal))
    .addOption(topOption())
    .option('--audit <rate>', 'have this share of jobs computed again before they are answered, such as 0.05', number)
    .option('--releases <number>', 'how often scores may be released (default: 5)', positiveNumber)
    .option('--signing-key <file>', 'sign with this private key (PEM) instead of a fresh one', path)
    .addOption(minKeptOption('refuse a network that keeps a smaller share of the labels of held-out samples'))
    .option('--update <deployment>', 'write an update pack: new weights under the keys of this deployment')
    .option('--identity <file>', 'with --update: open the key store with the age identity in this file', path)
    .option('--per-node', 'write a folder of bundles, one per segment, with no weights or keys of the others')
    .option('--force', 'replace the bundle if it exists')
  return withLock(withNetworkNames(base)).action(async (model: string, options: Options, given: Command) => {
    await answer(options.json === true, async (work) => {
      const { input = options.input, minKept = options.minKept, ...chosen } = await choiceOf(options, given)
      const request = {
        ...networkOf(model, options),
        calibration: options.calibration,
        preprocessing: preprocessingOf(options),
        maxSamples: options.maxSamples,
        calibrationLabels: options.calibrationLabels,
        classNames: await classNamesOf(options),
        keys: options.keys,
        out: options.out,
        ...chosen,
        minKept,
        msPerMegabyte: options.msPerMegabyte,
        perNode: options.perNode === true,
        force: options.force === true,
      }
      if (options.update !== undefined) {
        refuseDeploymentsOwn(given)
        const { update } = await import('../../jobs/update.ts')
        const result = await update({ ...request, update: options.update, ...(await readUnlock(options)) }, work)
        return { json: result, text: updateText(result) }
      }
      const { protect } = await import('../../jobs/protect.ts')
      const result = await protect(
        {
          ...request,
          ...(await readLock(options)),
          input,
          batch: options.batch,
          reveal:
            given.getOptionValueSource('reveal') === 'default' ? undefined : policyOf(options.reveal, options.top),
          releases: options.releases,
          auditRate: options.audit,
          signingKey: options.signingKey,
        },
        work,
      )
      return { json: result, text: textOf(result) }
    })
  })
}

/** What an update cannot change. @throws UserError bad-arguments */
function refuseDeploymentsOwn(given: Command): void {
  const kept = ['input', 'batch', 'reveal', 'top', 'audit', 'releases', 'signingKey', 'recipient']
  const wrong = givenOf(given, kept)
  if (wrong) {
    throw new UserError('bad-arguments', `${wrong.long} is set by the deployment, and an update keeps it.`, {
      hint: 'Leave it out, or export the network as a new deployment.',
    })
  }
}

const updateText = (result: UpdateResult): string =>
  pairs([
    ['update pack', `${result.bundle} (${bytes(result.bundleBytes)}, of which keys ${bytes(result.keyBytes)})`],
    ['deployment', `${result.deployment}, update ${result.update}`],
    ['keeps', result.kept ? keptText(result.kept) : 'not measured: too few samples'],
    ...policyPairs(result.budget),
    ['time', seconds(result.seconds)],
    ['next', `sealwright edge update BUNDLE --pack ${present(result.bundles[0]).path} --out NEW.sealed`],
  ])

function textOf(result: ProtectResult): string {
  return pairs([
    ['bundle', `${result.bundle} (${bytes(result.bundleBytes)}, of which keys ${bytes(result.keyBytes)})`],
    ...(result.cuts.length > 0 ? [['segments', segmentsText(result)] as const] : []),
    ['deployment', result.deployment],
    ['public key', `${result.publicKey} (nodes check your bundles with it)`],
    ...(result.original.accuracy === undefined ? [] : [['original right', rightText(result.original)] as const]),
    ['keeps', result.kept ? keptText(result.kept) : 'not measured: too few samples'],
    ['parameters', `N = ${result.polyModulusDegree}, log2 QP = ${Math.round(result.logQP)}, 128-bit`],
    ...(result.original.computedBy === 'ONNX Runtime' ? [] : [['original', result.original.computedBy] as const]),
    ...(result.droppedClamps.length === 0 ? [] : [['clamps left out', droppedClampsText(result)] as const]),
    ...policyPairs(result.budget),
    ['time', seconds(result.seconds)],
    ['next', nextCommand(result)],
  ])
}

/** What an edge node does with it. */
const nextCommand = ({ bundle, bundles, cuts }: ProtectResult): string =>
  cuts.length > 0 || bundles.length > 1
    ? `sealwright edge serve ${present(bundles[0]).path}`
    : `sealwright edge run ${bundle} --input FILE --out FILE.result`

const rightText = ({ accuracy = 0, samples = 0 }: ProtectResult['original']): string =>
  `on ${(100 * accuracy).toFixed(1)} % of ${samples} labelled calibration samples`

const segmentsText = ({ cuts }: ProtectResult): string =>
  `${cuts.length + 1}, cut at ${cuts.map(({ after, kind }) => `${after}:${kind}`).join(', ')}`

const droppedClampsText = ({ droppedClamps }: ProtectResult): string =>
  `${droppedClamps.length} that have no effect on the calibration samples: ${droppedClamps.map(({ id }) => id).join(', ')}`
