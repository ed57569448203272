import type { Command } from 'commander'
import type { InspectResult, NetworkEstimate } from '../../jobs/inspect.ts'
import { answer, command } from '../command.ts'
import { networkOf, withNetworkNames, type NetworkNameOptions } from '../options.ts'
import { pairs, table } from '../table.ts'
import { endHints } from '../../core/normalise/first-tensor.ts'
import { bytes, grouped, seconds, times } from '../../core/units.ts'

interface Options extends NetworkNameOptions {
  readonly json?: boolean
}

export function inspectCommand(): Command {
  const base = command('inspect <model>', 'show the layers of a network, and whether it can be protected', [
    'sealwright inspect lenet5.onnx',
    'sealwright inspect lenet5.onnx --json',
  ])
  return withNetworkNames(base).action(async (model: string, options: Options) => {
    await answer(options.json === true, async (work) => {
      const { inspect } = await import('../../jobs/inspect.ts')
      const result = await inspect(networkOf(model, options), work)
      return { json: result, text: textOf(result), exitCode: result.supported ? 0 : 1 }
    })
  })
}

function textOf(result: InspectResult): string {
  const { name, producer, opset, format, fileBytes, supported, inputShape, unsupported, estimate, problem } = result
  const kind = format === 'tflite' ? 'TFLite' : `ONNX operator set ${opset}`
  const made = producer === '' ? '' : `, by ${producer}`
  const facts = [
    ['network', `${name} (${bytes(fileBytes)}, ${kind}${made})`],
    ...(inputShape ? [['input', times(inputShape)]] : []),
    ['parameters', grouped(result.parameters)],
    ...(supported ? [['encrypted', `${grouped(result.encryptedValues)} values`]] : []),
    ...(result.tail ? [['after decryption', result.tail.join(', ') || 'several outputs, joined into one']] : []),
    ...(supported ? [['depth', `${result.depth} levels with quadratic activations`]] : []),
    [
      'protectable',
      supported
        ? 'yes'
        : `no: ${problem?.message ?? `${unsupported.length === 1 ? '1 node' : `${unsupported.length} nodes`} cannot be encrypted`}`,
    ],
    ...(estimate ? estimateFacts(estimate) : []),
  ] as [string, string][]
  const nodes = result.layers.map((node) => [
    shortened(node.name),
    node.operator,
    node.shape ? times(node.shape) : '?',
    grouped(node.parameters),
    grouped(node.multiplications),
    shortened(node.becomes ?? 'unsupported'),
  ])
  const refusals = unsupported.map(({ node, operator, reason }) => [shortened(node), operator, reason])
  const help = [
    ...new Set([
      ...unsupported.flatMap(({ help }) => help ?? []),
      ...(problem?.hint === undefined ? [] : [problem.hint]),
    ]),
    ...endHints(result),
  ]
  return [
    pairs(facts),
    table(['node', 'operator', 'output', 'parameters', 'products', 'becomes'], nodes),
    ...(refusals.length > 0 ? [table(['unsupported node', 'operator', 'why'], refusals)] : []),
    ...(help.length > 0 ? [`What would help:\n${help.map((line) => `  ${line}`).join('\n')}`] : []),
  ].join('\n\n')
}

/** Converters write names of hundreds of characters; `--json` has them whole. */
const LONGEST = 40

function shortened(name: string): string {
  const characters = Array.from(name)
  if (characters.length <= LONGEST) return name
  const half = (LONGEST - 1) / 2
  return `${characters.slice(0, Math.ceil(half)).join('')}…${characters.slice(-Math.floor(half)).join('')}`
}

function estimateFacts(estimate: NetworkEstimate): [string, string][] {
  if ('problem' in estimate) {
    const { problem, exactSegments, exact } = estimate
    const costs = exact
      ? `about ${bytes(exact.bundleBytes)}, ${seconds(exact.edgeSeconds)} on two threads, ${bytes(exact.edgeMemoryBytes)} of memory for the largest`
      : 'plan --split exact tells what they cost'
    const segments = `with every activation exact there are ${exactSegments} segments: ${costs}`
    return [
      ['estimate', `in one segment: ${problem}`],
      ...(exactSegments > 1 ? [['', segments] as [string, string]] : []),
      ['', 'advise compares deployments: what each keeps and costs'],
    ]
  }
  const { polyModulusDegree, logQP, bundleBytes, keyBytes, edgeMemoryBytes, secondsOnTwoThreads } = estimate
  const { expandedWeights, expansionSeconds } = estimate
  const expanded = `loading: ${expandedWeights} weight ciphertexts are expanded, in about ${seconds(expansionSeconds)}`
  return [
    ['estimate', `N = ${polyModulusDegree}, log2 QP = ${Math.round(logQP)}, one segment`],
    ['', `bundle up to ${bytes(bundleBytes)}, of which keys ${bytes(keyBytes)}; plan tells it more precisely`],
    ['', `edge: ${bytes(edgeMemoryBytes)} of memory, ${seconds(secondsOnTwoThreads)} on two threads`],
    ...(expandedWeights > 0 ? [['', expanded] as [string, string]] : []),
  ]
}
