import { present } from '../../core/must.ts'
import type { Command } from 'commander'
import {
  describeBundle,
  verifyBundle,
  type DescribeResult,
  type TrustRequest,
  type VerifyResult,
} from '../../jobs/edge-bundle.ts'
import { edgeEncrypt } from '../../jobs/edge-encrypt.ts'
import { edgeRun } from '../../jobs/edge-run.ts'
import { edgeUpdate } from '../../jobs/edge-update.ts'
import { edgeServeCommand } from './edge-serve.ts'
import { edgeSubmitCommand } from './edge-submit.ts'
import { answer, command, group } from '../command.ts'
import { withRunner, withTrust, type RunnerOptions } from '../options.ts'
import { pairs, table } from '../table.ts'
import { keptText } from '../../core/validate/kept.ts'
import { bytes, seconds, times } from '../../core/units.ts'
import { path, wholeNumber } from '../values.ts'

interface TrustOptions extends TrustRequest {
  readonly json?: boolean
}

interface InfoOptions extends TrustOptions, RunnerOptions {}

interface UpdateOptions extends Omit<TrustOptions, 'signature'> {
  readonly pack: string
  readonly out: string
  readonly force?: boolean
}

interface RunOptions extends InfoOptions {
  readonly input: string
  readonly index: number
  readonly out: string
  readonly opening?: string
  readonly force?: boolean
}

export const edgeCommand = (): Command =>
  group('edge', 'run, serve and check a bundle on an untrusted node', [
    'sealwright edge run lenet5.sealed --input digit.png --out digit.result',
    'sealwright edge info lenet5.sealed',
  ])
    .addCommand(runCommand())
    .addCommand(encryptCommand())
    .addCommand(updateCommand())
    .addCommand(infoCommand())
    .addCommand(verifyCommand('sealwright edge verify'))
    .addCommand(edgeServeCommand())
    .addCommand(edgeSubmitCommand())

function runCommand(): Command {
  const base = command('run <bundle>', 'compute on one input with encrypted weights, in a separate process', [
    'sealwright edge run lenet5.sealed --input digit.png --out digit.result',
    'sealwright edge run lenet5.sealed --input images.npy --index 7 --out 7.result --threads 2 --json',
  ])
    .requiredOption('--input <data>', 'samples: arrays, tables, pictures, folders (docs/data.md)', path)
    .option('--index <number>', 'which sample of the input, from 0', wholeNumber, 0)
    .requiredOption('--out <file>', 'the encrypted result to write, usually *.result', path)
    .option('--opening <file>', 'write the file that an auditor of this job needs; it contains the input', path)
    .option('--force', 'replace files that exist')
  return withTrust(withRunner(base)).action(async (bundle: string, { json, force, ...options }: RunOptions) => {
    await answer(json === true, async (work) => {
      const result = await edgeRun({ bundle: path(bundle), ...options, force: force === true }, work)
      const text = pairs([
        ['result', `${result.result} (${bytes(result.resultBytes)}, encrypted)`],
        ['time', seconds(result.seconds)],
      ])
      return { json: result, text }
    })
  })
}

function encryptCommand(): Command {
  const base = command('encrypt <bundle>', 'encrypt one input, for several nodes to compute on', [
    'sealwright edge encrypt lenet5.sealed --input digit.png --out digit.input',
  ])
    .requiredOption('--input <data>', 'samples: arrays, tables, pictures, folders (docs/data.md)', path)
    .option('--index <number>', 'which sample of the input, from 0', wholeNumber, 0)
    .requiredOption('--out <file>', 'the encrypted input to write; `edge run --input` takes it', path)
    .option('--force', 'replace the file if it exists')
  return withTrust(base).action(async (bundle: string, { json, force, ...options }: RunOptions) => {
    await answer(json === true, async (work) => {
      const result = await edgeEncrypt({ bundle: path(bundle), ...options, force: force === true }, work)
      const text = pairs([
        ['input', `${options.out} (${bytes(result.bytes)}, encrypted)`],
        ['job', result.job],
      ])
      return { json: { ...result }, text }
    })
  })
}

function updateCommand(): Command {
  const base = command('update <bundle>', "join an update pack with the keys of the deployment's bundle", [
    'sealwright edge update lenet5.sealed --pack lenet5-v2.pack --out lenet5-v2.sealed',
    'sealwright edge update lenet5.sealed --pack lenet5-v2.pack --out lenet5.sealed --force --public-key signer.pem',
  ])
    .requiredOption('--pack <file>', 'the update pack that `protect --update` wrote', path)
    .requiredOption('--out <file>', 'the updated bundle to write', path)
    .option('--public-key <file>', 'accept only a bundle and a pack signed with this key (PEM)', path)
    .option('--allow-unsigned', 'accept them without a valid signature')
    .option('--force', 'replace the file if it exists; it may be the bundle itself')
  return base.action(async (bundle: string, { json, force, ...options }: UpdateOptions) => {
    await answer(json === true, async (work) => {
      const result = await edgeUpdate({ bundle: path(bundle), ...options, force: force === true }, work)
      const text = pairs([
        [
          'bundle',
          `${options.out} (${bytes(result.bundleBytes)}, of which ${bytes(result.keyBytes)} of keys were kept)`,
        ],
        ['deployment', `${result.deploymentId}, update ${result.update}`],
      ])
      return { json: result, text }
    })
  })
}

function infoCommand(): Command {
  const base = command('info <bundle>', 'show what a bundle says about itself, and how this machine would run it', [
    'sealwright edge info lenet5.sealed --json',
  ])
  return withTrust(withRunner(base)).action(async (bundle: string, { json, ...options }: InfoOptions) => {
    await answer(json === true, async (work) => {
      const result = await describeBundle({ bundle: path(bundle), ...options }, work)
      return { json: result, text: infoText(result) }
    })
  })
}

/** Also the command `verify` of the owner. */
export function verifyCommand(spelled: string): Command {
  const base = command('verify <bundle>', 'check every byte of a bundle and its signature', [
    `${spelled} lenet5.sealed --public-key signer.pem`,
    `${spelled} lenet5.sealed --public-key signer.pem --signature lenet5.sig --json`,
  ])
  return withTrust(base).action(async (bundle: string, { json, ...trust }: TrustOptions) => {
    await answer(json === true, async (work) => {
      const result = await verifyBundle({ bundle: path(bundle), ...trust }, work)
      return { json: result, text: verifyText(result) }
    })
  })
}

function infoText(result: DescribeResult): string {
  const { model, deploymentId, created, producer, signer, segments, cuts, parameters } = result
  const rows = segments.map(({ index, polyModulusDegree, input, weights, layers, evaluator }, i) => [
    index + 1,
    polyModulusDegree,
    parameterText(present(parameters[i])),
    `${input.mode}, ${times(input.shape)}`,
    weights,
    layers.length,
    evaluator.kind,
  ])
  const reasons = new Set(segments.map(({ evaluator }) => evaluator.reason).filter((reason) => reason !== undefined))
  return [
    pairs([
      ['network', model.name],
      ['deployment', deploymentId],
      ...updatePairs(result),
      ['made', `${created} by ${producer}`],
      ...(cuts.length > 0 ? [['cuts of the network', cuts.join(', ')] as const] : []),
      ['signed by', signerText(signer)],
      ...statementFacts(result),
    ]),
    table(['segment', 'N', 'log2 QP', 'input', 'weight ciphertexts', 'layers', 'evaluator here'], rows),
    ...[...reasons].map((reason) => `Nothing faster: ${reason}.`),
  ].join('\n\n')
}

function verifyText(result: VerifyResult): string {
  const { deploymentId, bundleBytes, signer, parameters } = result
  const texts = parameters.map((segment) => `N = ${segment.polyModulusDegree}, log2 QP ${parameterText(segment)}`)
  return pairs([
    ['bundle', `intact, ${bytes(bundleBytes)}`],
    ['deployment', deploymentId],
    ...updatePairs(result),
    ['signed by', signerText(signer)],
    ...[...new Set(texts)].map((text, i) => [i === 0 ? 'parameters' : '', text] as const),
    ...statementFacts(result),
  ])
}

const updatePairs = ({ update, missingKeyBytes }: VerifyResult | DescribeResult): (readonly [string, string])[] =>
  update === undefined
    ? []
    : [['update', missingKeyBytes ? `${update}, a pack without ${bytes(missingKeyBytes)} of keys` : `${update}`]]

const parameterText = ({ logQP, logQPBound }: VerifyResult['parameters'][number]): string =>
  `${logQP}${logQPBound === undefined ? ', for which no bound is known' : ` of at most ${logQPBound}`}`

/** What the bundle states of itself, as its owner signed it. */
function statementFacts({ logQPTable, reveal, audit, accuracy, madeWith }: VerifyResult | DescribeResult) {
  const audits = audit ? `; ${(100 * audit.rate).toPrecision(3)} % of the jobs are audited` : ''
  const software = madeWith?.map(({ name, version }) => `${name} ${version ?? ''}`.trim()).join(', ')
  return [
    ['security bound', logQPTable],
    ['answers reveal', `${revealText(reveal)}${audits}`],
    ...(accuracy ? [['accuracy', accuracyText(accuracy)] as const] : []),
    ...(software === undefined ? [] : [['made with', software] as const]),
  ] as const
}

function revealText(reveal: VerifyResult['reveal']): string {
  if (reveal.mode === 'top-k') return `the ${reveal.k} most likely labels`
  return reveal.mode === 'label' ? 'the label' : 'all scores'
}

function accuracyText({ kept }: NonNullable<VerifyResult['accuracy']>): string {
  return kept
    ? `keeps ${keptText({ ...kept, relativeError: kept.relativeError ?? Infinity })}`
    : 'not measured: there were too few samples'
}

function signerText(signer: VerifyResult['signer']): string {
  if (!signer) return 'not checked (--allow-unsigned)'
  return signer.pinned
    ? `${signer.fingerprint}, the key that you gave`
    : `${signer.fingerprint}, a key from the bundle itself: --public-key checks who made it`
}
