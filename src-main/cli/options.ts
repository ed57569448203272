import { InvalidArgumentError, Option, type Command } from 'commander'
import { UserError } from '../core/errors.ts'
import { jsonLog, LOG_LEVELS, type Log, type LogLevel } from '../core/log.ts'
import { EVALUATOR_CHOICES, type EvaluatorChoice } from '../core/plan/evaluator-kinds.ts'
import { parseSplit, type Split } from '../core/segment/cut.ts'
import type { PreprocessingChoice } from '../jobs/calibration.ts'
import type { NetworkRequest } from '../jobs/open-network.ts'
import { COMMAND_LINE, DEFAULTS } from '../jobs/defaults.ts'
import { PRESET_NAMES, PRESETS, type PresetName } from '../jobs/presets.ts'
import { printLog } from './print.ts'
import {
  batchSize,
  collected,
  number,
  numbers,
  path,
  positiveNumber,
  share,
  sides,
  sizes,
  wholeNumber,
} from './values.ts'

/** Options that several commands share, each defined once. */
export const withPreprocessing = (command: Command): Command =>
  command
    .addOption(new Option('--preset <name>', 'the usual preprocessing for a data set').choices(PRESET_NAMES))
    .option(
      '--scale <number>',
      'multiply values by this first, for example 1/255 (default: 1; 1/255 in the desktop application)',
      number,
    )
    .option('--mean <numbers>', 'then subtract this: one value, or one per channel (default: 0)', numbers)
    .option('--std <numbers>', 'then divide by this: one value, or one per channel (default: 1)', numbers)
    .option('--resize <pixels>', 'resize pictures: the shorter side, or height,width', sides)
    .option('--crop <pixels>', 'then cut out their centre: a square, or height,width', sides)
    .addOption(
      new Option('--layout <order>', 'axis order of arrays (default: whichever fits)').choices(['nchw', 'nhwc']),
    )
    .option('--max-samples <number>', 'use at most this many samples of a data set, evenly spaced', positiveNumber)

export interface PreprocessingOptions {
  readonly preset?: PresetName
  readonly scale?: number
  readonly mean?: number[]
  readonly std?: number[]
  readonly resize?: number[]
  readonly crop?: number[]
  readonly layout?: 'nchw' | 'nhwc'
  readonly maxSamples?: number
}

/** A preset, and what is told otherwise. */
export function preprocessingOf(options: PreprocessingOptions): PreprocessingChoice {
  const { preset, scale, mean, std, resize, crop, layout } = options
  return {
    ...(preset ? PRESETS[preset] : COMMAND_LINE.preprocessing),
    ...(scale !== undefined && { scale }),
    ...(mean && { mean }),
    ...(std && { std }),
    ...(resize && { resize }),
    ...(crop && { crop: crop.length === 1 ? [...crop, ...crop] : crop }),
    ...(layout && { layout }),
  }
}

export const withClassNames = (command: Command): Command =>
  command.option(
    '--class-names <names>',
    'in the order of the outputs: cat,dog,ship, or a file with one per line (default: those of the model or data)',
  )

export interface ClassNameOptions {
  readonly classNames?: string
}

/** A list, or the file that has it. */
export async function classNamesOf({ classNames }: ClassNameOptions): Promise<readonly string[] | undefined> {
  if (classNames === undefined) return undefined
  if (classNames.includes(',')) return classNames.split(',').map((name) => name.trim())
  const { readClassNames } = await import('../jobs/class-names.ts')
  return await readClassNames(path(classNames))
}

export interface NetworkNameOptions {
  readonly inputName?: string
  readonly outputName?: string
  readonly inputShape?: readonly number[]
  readonly quantities?: boolean
}

/** The network that a command is given, as jobs take it. */
export const networkOf = (
  model: string,
  { inputName, outputName, inputShape, quantities }: NetworkNameOptions,
): NetworkRequest => ({ model: path(model), inputName, inputShape, outputName, quantities })

export const withNetworkNames = (command: Command): Command =>
  command
    .option('--input-name <name>', 'which input to use; if it names another tensor, the network starts there')
    .option('--output-name <name>', 'which output to use; if it names another tensor, the network ends there')
    .option('--input-shape <sizes>', 'sizes of the input, if the network leaves them open, such as 1,3,32,32', sizes)
    .option('--quantities', 'treat the outputs as quantities, not as scores of classes: judge their error, not labels')

const passphraseFile = [
  '--passphrase-file <file>',
  'read the passphrase from this file, not from SEALWRIGHT_PASSPHRASE',
] as const

/** An option that may be given several times, and what help says where it is not given. */
export const repeatable = <T extends readonly unknown[]>(
  flags: string,
  description: string,
  collect: (value: string, before: T) => T,
  otherwise = 'none',
): Option => new Option(flags, `${description}; may be repeated`).argParser(collect).default([], otherwise)

/** Who can open what is made. */
export const withLock = (command: Command): Command =>
  command
    .option(...passphraseFile, path)
    .addOption(repeatable('--recipient <age1…>', 'an age recipient instead of a passphrase', collected))

export interface LockOptions {
  readonly passphraseFile?: string
  readonly recipient: string[]
}

export const withUnlock = (command: Command): Command =>
  command
    .option(...passphraseFile, path)
    .option('--identity <file>', 'open with the age identity in this file instead of a passphrase', path)

export interface UnlockOptions {
  readonly passphraseFile?: string
  readonly identity?: string
}

export const withTrust = (command: Command): Command =>
  command
    .option('--public-key <file>', 'accept only bundles signed with this key (PEM)', path)
    .option('--signature <file>', 'check this detached signature instead of the one inside', path)
    .option('--allow-unsigned', 'accept a bundle without a valid signature')

export const withListening = (command: Command, port: number): Command =>
  command
    .option('--host <address>', 'address to listen on; any but the loopback needs TLS and a token', '127.0.0.1')
    .option('--port <number>', 'port to listen on; 0 picks a free one', wholeNumber, port)
    .option('--tls-cert <file>', 'TLS certificate (PEM)', path)
    .option('--tls-key <file>', 'its private key (PEM)', path)
    .option('--token-file <file>', 'accepted bearer tokens, one per line', path)

export interface ListenOptions {
  readonly host: string
  readonly port: number
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tokenFile?: string
}

/** `--calibration-labels`, beside `--calibration`. */
export const withCalibrationLabels = (command: Command): Command =>
  command.option(
    '--calibration-labels <file>',
    'file with the true classes of the calibration samples, which may be the --calibration file itself; tuning then also corrects mistakes of the network',
    path,
  )

export interface CalibrationLabelsOptions {
  readonly calibrationLabels?: string
}

/** `--activation`: one degree for all, or degrees chosen until `--target` is met. */
export const withActivation = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--activation <degree>',
        'degree of the polynomial activations; auto raises it layer by layer until enough labels are kept',
      )
        .choices(['2', '4', '8', 'auto'])
        .default(`${DEFAULTS.degree}` satisfies ActivationOptions['activation']),
    )
    .option('--split-pools', 'split max-pools into maxima of rows, then of columns: more accurate, but deeper')
    .option(
      '--tuning-epochs <number>',
      'passes over the samples that tune all weights together (default: 45, fewer for large networks)',
      wholeNumber,
    )
    .option('--target <share>', 'share of labels that auto must keep', number, 0.99)
    .option('--max-depth <levels>', 'most levels that auto may use', positiveNumber)
    .option('--max-seconds <seconds>', 'most seconds that auto may let one encrypted input take', number)

export interface ActivationOptions {
  readonly activation: '2' | '4' | '8' | 'auto'
  readonly splitPools?: boolean
  readonly tuningEpochs?: number
  readonly target: number
  readonly maxDepth?: number
  readonly maxSeconds?: number
}

export const activationOf = (options: ActivationOptions) => {
  const { activation, splitPools, tuningEpochs, target, maxDepth, maxSeconds } = options
  return activation === 'auto'
    ? { degree: DEFAULTS.degree, tuningEpochs, target, maximumDepth: maxDepth, maximumSeconds: maxSeconds }
    : { degree: Number(activation) as 2 | 4 | 8, tuningEpochs, splitPools }
}

export const inputOption = (): Option =>
  new Option('--input <mode>', "whether the edge's input is encrypted")
    .choices(['encrypted', 'plain'])
    .default(DEFAULTS.input)

export const minKeptOption = (description: string): Option =>
  new Option('--min-kept <share>', description).argParser(share).default(DEFAULTS.minKept)

export const withInputMode = (command: Command): Command =>
  command
    .addOption(inputOption())
    .addOption(
      new Option('--batch <images>', 'images computed at once: 1, 2, 4, 8 or 16').argParser(batchSize).default(1),
    )
    .option(
      '--ms-per-megabyte <ms>',
      'milliseconds of run time worth spending to make the bundle one megabyte smaller (default: 2)',
      number,
    )

/** Commands that encrypt or plan, and those that approximate: exact cuts keep activations as they are. */
export const withSplit = (command: Command): Command =>
  command.addOption(
    new Option(
      '--split <where>',
      'how to cut the network into segments: auto, refreshes=2, nodes=3, memory=2GiB, exact (the owner computes every activation), or cuts such as conv2:refresh,fc1:exact,fc2:hand-off (the desktop application starts with auto)',
    )
      .argParser(splitOf)
      .default(COMMAND_LINE.split, 'one segment'),
  )

function splitOf(text: string): Split {
  try {
    return parseSplit(text)
  } catch (error) {
    throw new InvalidArgumentError(error instanceof UserError ? `${error.message} ${error.hint}` : '')
  }
}

export interface InputModeOptions {
  readonly input: 'encrypted' | 'plain'
  readonly batch: number
  readonly msPerMegabyte?: number
}

export interface SplitOptions {
  readonly split?: Split
}

export const withRunner = (command: Command): Command =>
  command
    .option('--threads <number>', 'worker threads (default: one per core)', positiveNumber)
    .addOption(
      new Option('--evaluator <which>', 'our kernels or node-seal; auto uses the kernels if they pass their self-test')
        .choices(EVALUATOR_CHOICES)
        .default('auto'),
    )
    .option(
      '--memory <bytes>',
      'memory limit of the process, such as 1500M or 2G; weights beyond it are read as needed',
    )

export interface RunnerOptions {
  readonly threads?: number
  readonly memory?: string
  readonly evaluator: EvaluatorChoice
}

export interface LogOptions {
  readonly logLevel: LogLevel
}

/** Of servers, on stderr: stdout is for answers. */
export const withLog = (command: Command): Command =>
  command.addOption(
    new Option('--log-level <level>', 'how much to log on stderr, one JSON object per line')
      .choices(LOG_LEVELS)
      .default('info' satisfies LogLevel),
  )

export const logOf = ({ logLevel }: LogOptions, service: string): Log => jsonLog(printLog, logLevel, { service })
