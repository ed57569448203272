import { present } from '../must.ts'
import { confusionMatrix, farSamples, isFiniteOutput, labelOf, marginOf, share } from '../network/classification.ts'
import type { LayerAttribution } from './attribute-layers.ts'
import { outputError, type OutputError } from './output-error.ts'
import { largestDifference } from './same-as-runtime.ts'
import type { QuantisedReport } from './quantised-report.ts'
import {
  checkLabels,
  checkOutputs,
  farWarning,
  lostWarning,
  type EncryptedOutputs,
  type Outputs,
} from './check-outputs.ts'

export type { Outputs }

/** ONNX Runtime's part where it is not what the original is computed by. */
export interface RuntimeDeviationReport {
  /** Of ONNX Runtime. */
  readonly version: string
  /** Of docs/onnx-runtime.md, where it is known: the operator, what the file asks for, and the first such node. */
  readonly operator?: string
  readonly asked?: string
  readonly node?: string
  /** What ONNX Runtime says, where it refuses. */
  readonly refusal?: string
}

export interface AccuracyInput {
  /** One class per sample; without them only agreements are reported. */
  readonly labels?: readonly number[]
  /** In the order of the outputs. */
  readonly classNames?: readonly string[]
  /** Whether a single output is a quantity, else it is a yes above 0; and whether several are quantities, else they are classes. */
  readonly isQuantity?: boolean
  /** Of quantities, where the labels say what they should be. */
  readonly targets?: TargetErrors
  readonly original: Outputs
  readonly polynomial: Outputs
  readonly encrypted?: EncryptedOutputs
  readonly computedBy?: string
  readonly deviation?: RuntimeDeviationReport
  readonly layers?: readonly LayerAttribution[]
  /** Of a quantised network. */
  readonly quantised?: QuantisedReport
  readonly warnings?: readonly string[]
}

/** How far each network is from what the labels say quantities should be; the encrypted one on its samples. */
export interface TargetErrors {
  readonly original: OutputError
  readonly polynomial: OutputError
  readonly encrypted?: OutputError
}

/** Shares are between 0 and 1. `accuracy` is absent without labels. */
export interface AccuracyReport {
  readonly samples: number
  /** By the error where the only output is a quantity and there are no labels. */
  readonly judgedBy: 'labels' | 'error'
  readonly original: {
    readonly accuracy?: number
    readonly confusion?: readonly (readonly number[])[]
    /** By whom, and why where that is not ONNX Runtime as it usually runs. */
    readonly computedBy?: string
    /** Of ONNX Runtime, where it refuses the network or is known to compute something else. */
    readonly deviation?: RuntimeDeviationReport
  }
  readonly polynomial: {
    readonly accuracy?: number
    /** Share of samples with the original's label. */
    readonly agreement: number
    /** Samples with an output that is not finite or beyond ten times the range of the original's. */
    readonly far: number
    readonly confusion?: readonly (readonly number[])[]
    /** Of quantities, and of a single output. */
    readonly error?: OutputError
  }
  readonly encrypted?: EncryptedAccuracy
  /** Of one quantity whose labels are numbers other than 0 and 1. */
  readonly targets?: TargetErrors
  /** Absent where the network is not quantised. */
  readonly quantised?: QuantisedReport
  /** Names of the classes in the order of the outputs, where they are known. */
  readonly classNames?: readonly string[]
  readonly classes: readonly ClassChange[]
  /** The ten samples on which the polynomial network stands furthest from, or nearest to leaving, the original's label. */
  readonly worst: readonly WorstSample[]
  readonly layers: readonly LayerAttribution[]
  readonly warnings: readonly string[]
}

export interface EncryptedAccuracy {
  readonly samples: number
  readonly accuracy?: number
  readonly confusion?: readonly (readonly number[])[]
  /** Share of samples with the original's label. */
  readonly agreement: number
  /** Share of samples with the polynomial network's label, of those where it has one. */
  readonly agreementWithPolynomial: number
  /** Of quantities, and of a single output, against the original. */
  readonly error?: OutputError
  readonly noise: {
    /** Of |encrypted − polynomial| over all outputs. */
    readonly largest: number
    readonly rootMeanSquare: number
    /** Samples whose top two outputs are further apart keep their label: twice max(largest, 6 · rootMeanSquare). */
    readonly marginBound: number
    /** Of the encrypted samples, how many have a larger margin, and how many of those kept the polynomial's label. */
    readonly beyondBound: { readonly samples: number; readonly kept: number }
    /** Share of all samples, encrypted or not, whose margin is under the bound. */
    readonly flippable: number
  }
}

export interface ClassChange {
  readonly label: number
  readonly labelName?: string
  /** Samples of the class (of the original's label, where there are no true ones). */
  readonly count: number
  /** Share of them given this label. */
  readonly original: number
  readonly polynomial: number
}

export interface WorstSample {
  readonly index: number
  readonly truth?: number
  readonly original: number
  /** Absent where the polynomial network leaves the finite numbers. */
  readonly polynomial?: number
  /** Between the top two outputs; 0 where they are not finite. */
  readonly originalMargin: number
  readonly polynomialMargin: number
  /** Absent where there is no number. */
  readonly largestDifference?: number
}

/**
 * Compares the networks. Samples on which the polynomial one leaves the finite numbers count as wrong. Throws UserError 'wrong-labels' (length, range, not whole), 'wrong-shape' (outputs that do not
 * belong together) or 'not-finite'.
 */
export function accuracyReport(input: AccuracyInput): AccuracyReport {
  const { labels, original, polynomial } = input
  checkOutputs(original, polynomial, input.encrypted)
  const outputSize = present(original[0]).length
  const isSingle = outputSize === 1
  const isQuantity = !labels && (input.isQuantity === true || input.targets !== undefined)
  const classes = isQuantity ? 0 : Math.max(2, outputSize)
  if (labels) checkLabels(labels, original.length, classes)
  const [before, after] = [original.map(labelOf), polynomial.map(labelOf)]
  const judged = (found: readonly number[]) =>
    labels && {
      accuracy: share(found, (label, i) => label === labels[i]),
      confusion: confusionMatrix(labels, found, classes),
    }
  const encrypted = input.encrypted && encryptedAccuracy(input.encrypted, input, isSingle || isQuantity)
  return {
    samples: original.length,
    judgedBy: isQuantity ? 'error' : 'labels',
    original: {
      ...judged(before),
      ...(input.computedBy !== undefined && { computedBy: input.computedBy }),
      ...(input.deviation && { deviation: input.deviation }),
    },
    polynomial: {
      ...judged(after),
      agreement: share(after, (label, i) => label === before[i]),
      far: farSamples(original, polynomial).length,
      ...((isSingle || isQuantity) && { error: outputError(original, polynomial) }),
    },
    ...(encrypted && { encrypted }),
    ...(input.targets && { targets: input.targets }),
    ...(input.quantised && { quantised: input.quantised }),
    ...(input.classNames && { classNames: input.classNames }),
    classes: classChanges(labels ?? before, before, after, input.classNames ?? [], classes),
    worst: worstSamples(input, before, after, isQuantity),
    layers: input.layers ?? [],
    warnings: [lostWarning(polynomial) ?? [], farWarning(original, polynomial) ?? [], input.warnings ?? []].flat(),
  }
}

function encryptedAccuracy(
  { indices, outputs }: EncryptedOutputs,
  { labels, original, polynomial }: AccuracyInput,
  hasError: boolean,
): EncryptedAccuracy {
  const samples = outputs.map((encrypted, k) => {
    const index = present(indices[k])
    const [before, expected] = [present(original[index]), present(polynomial[index])]
    return { encrypted, before, expected, label: labelOf(encrypted) }
  })
  const found = samples.map(({ label }) => label)
  const truths = labels && indices.map((index) => present(labels[index]))
  const comparable = samples.filter(({ expected }) => isFiniteOutput(expected))
  let [largest, squares, count] = [0, 0, 0]
  for (const { encrypted, expected } of comparable) {
    encrypted.forEach((value, j) => {
      const difference = Math.abs(value - present(expected[j]))
      largest = Math.max(largest, difference)
      squares += difference * difference
      count += 1
    })
  }
  const rootMeanSquare = Math.sqrt(squares / Math.max(1, count))
  const marginBound = 2 * Math.max(largest, 6 * rootMeanSquare)
  const keepsLabel = ({ label, expected }: (typeof samples)[number]): boolean => label === labelOf(expected)
  const beyond = samples.filter(({ expected }) => marginOf(expected) > marginBound)
  const kept = beyond.filter(keepsLabel)
  return {
    samples: indices.length,
    ...(truths && {
      accuracy: share(found, (label, k) => label === truths[k]),
      confusion: confusionMatrix(truths, found, Math.max(2, present(polynomial[0]).length)),
    }),
    agreement: share(samples, ({ label, before }) => label === labelOf(before)),
    ...(hasError && {
      error: outputError(
        samples.map(({ before }) => before),
        outputs,
      ),
    }),
    agreementWithPolynomial: share(comparable, keepsLabel),
    noise: {
      largest,
      rootMeanSquare,
      marginBound,
      beyondBound: { samples: beyond.length, kept: kept.length },
      flippable: share(polynomial, (output) => marginOf(output) <= marginBound),
    },
  }
}

function classChanges(
  truth: readonly number[],
  before: readonly number[],
  after: readonly number[],
  names: readonly string[],
  classes: number,
): ClassChange[] {
  return Array.from({ length: classes }, (_, label) => {
    const members = [...truth.keys()].filter((i) => truth[i] === label)
    const found = (labels: readonly number[]) => share(members, (i) => labels[i] === label)
    const named = { label, ...(label in names && { labelName: names[label] }) }
    return { ...named, count: members.length, original: found(before), polynomial: found(after) }
  })
}

const WORST = 10

function worstSamples(
  { labels, original, polynomial }: AccuracyInput,
  before: readonly number[],
  after: readonly number[],
  isQuantity: boolean,
): WorstSample[] {
  // How far the original's label leads in the polynomial network; negative where it lost.
  const lead = (index: number): number => {
    const output = present(polynomial[index])
    if (isQuantity && isFiniteOutput(output)) return 0 - largestDifference(present(original[index]), output)
    return Number.isNaN(after[index]) ? -Infinity : marginOf(output) * (before[index] === after[index] ? 1 : -1)
  }
  return [...original.entries()]
    .map(([index, scores]) => ({ index, scores, lead: lead(index) }))
    .sort((one, other) => (one.lead < other.lead ? -1 : Number(one.lead > other.lead)))
    .slice(0, WORST)
    .map(({ index, scores }) => {
      const output = present(polynomial[index])
      return {
        index,
        ...(labels && { truth: labels[index] }),
        original: present(before[index]),
        originalMargin: marginOf(scores),
        polynomialMargin: marginOf(output),
        ...(isFiniteOutput(output) && {
          polynomial: after[index],
          largestDifference: largestDifference(scores, output),
        }),
      }
    })
}
