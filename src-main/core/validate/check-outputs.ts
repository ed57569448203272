import { UserError } from '../errors.ts'
import { present } from '../must.ts'
import { FAR, farSamples, isFiniteOutput } from '../network/classification.ts'

/** One score vector per sample: the network's outputs before softmax or argmax. */
export type Outputs = readonly Float64Array[]

/** Outputs of the encrypted network for some of the samples, by their index. */
export interface EncryptedOutputs {
  readonly indices: readonly number[]
  readonly outputs: Outputs
}

/** @throws UserError wrong-labels unless there is one whole label in [0, classes) per sample */
export function checkLabels(labels: readonly number[], samples: number, classes: number): void {
  if (labels.length !== samples) {
    throw new UserError('wrong-labels', `There are ${labels.length} labels for ${samples} samples.`)
  }
  const most = Math.max(classes, 2)
  const bad = labels.findIndex((label) => !Number.isInteger(label) || label < 0 || label >= most)
  if (bad >= 0) {
    throw new UserError('wrong-labels', `Label ${bad} is ${labels[bad]}; the network knows classes 0 to ${most - 1}.`)
  }
}

const preprocessHint = 'Check that the samples are preprocessed as the network expects'
const calibrateHint = 'calibrate with samples as varied as these, or lower the degree where it is above 2'

function lostSamples(outputs: Outputs): number[] {
  return outputs.flatMap((output, i) => (isFiniteOutput(output) ? [] : [i]))
}

function notFinite(network: string, index: number, lost: number, samples: number): string {
  const others = lost > 1 ? `, nor on ${lost - 1} more of ${samples}` : ''
  return `The ${network} network does not give a finite number on sample ${index}${others}.`
}

/** What to say of samples on which the polynomial network leaves the finite numbers, if there are any. */
export function lostWarning(polynomial: Outputs): string | undefined {
  const lost = lostSamples(polynomial)
  const [first] = lost
  if (first === undefined) return undefined
  const message = notFinite('polynomial', first, lost.length, polynomial.length)
  return `${message} These count as wrong. ${preprocessHint}, ${calibrateHint}.`
}

/** What to say of samples on which finite outputs of the polynomial network are far beyond the original's, if there are any. */
export function farWarning(original: Outputs, polynomial: Outputs): string | undefined {
  const far = farSamples(original, polynomial).filter((i) => isFiniteOutput(present(polynomial[i])))
  if (far.length === 0) return undefined
  const where = `On ${far.length} of ${polynomial.length} samples (the first is ${far[0]})`
  const what = `outputs of the polynomial network leave ${FAR} times the range of the original's`
  return `${where} ${what}. ${preprocessHint}, ${calibrateHint}.`
}

/**
 * Throws UserError 'wrong-shape' or 'not-finite' unless all outputs belong together. A polynomial network may leave the
 * finite numbers on some samples, not on all.
 */
export function checkOutputs(original: Outputs, polynomial: Outputs, encrypted: EncryptedOutputs | undefined): void {
  if (original.length === 0) throw new UserError('no-samples', 'There are no samples to validate with.')
  if (polynomial.length !== original.length) {
    throw new UserError('wrong-shape', `${polynomial.length} polynomial outputs for ${original.length} originals.`)
  }
  const size = present(original[0]).length
  const groups = { original, polynomial, encrypted: encrypted?.outputs ?? [] }
  for (const [name, outputs] of Object.entries(groups)) {
    for (const output of outputs) {
      if (output.length !== size) {
        throw new UserError('wrong-shape', `An ${name} output has ${output.length} values, another ${size}.`)
      }
    }
    const lost = lostSamples(outputs)
    if (lost.length > (name === 'polynomial' ? outputs.length - 1 : 0)) {
      const first = present(lost[0])
      const index = name === 'encrypted' ? present(encrypted?.indices[first]) : first
      const hint = name === 'original' ? preprocessHint : `${preprocessHint}, ${calibrateHint}`
      throw new UserError('not-finite', notFinite(name, index, lost.length, outputs.length), { hint: `${hint}.` })
    }
  }
  if (encrypted && encrypted.indices.length !== encrypted.outputs.length) {
    throw new UserError('wrong-shape', 'The encrypted outputs and their sample indices differ in number.')
  }
  const outside = encrypted?.indices.find((index) => !(index in original))
  if (outside !== undefined) throw new UserError('wrong-shape', `There is no sample ${outside}.`)
}
