import type { RevealPolicy } from '../../core/bundle/manifest.ts'
import type { LayerModel } from '../../core/network/layer-model.ts'
import type { Deployment } from '../deployment.ts'
import { bitsPerScore } from '../flood.ts'

/** Of the key, and of the weights at 8 bits each, this part may become known. */
const share = 0.01

/** A network with several outputs says how many classes each has. */
interface Labelled extends Pick<LayerModel, 'finish'> {
  readonly tail?: { readonly labels: readonly { readonly classes: number }[] }
}

/**
 * Most that one result can tell under a policy, in bits: the edge chooses the ciphertext, so each outcome can be
 * made to say what it likes. A label among n tells log2(n); the order of the k largest log2(n! / (n − k)!); a score what
 * its noise lets through; several labels, of a network with several outputs, and a batch as much as all together. See docs/security.md.
 */
export function bitsPerAnswer(
  policy: RevealPolicy,
  {
    outputs,
    batch,
    flooding,
    model,
  }: Pick<Deployment, 'outputs' | 'batch' | 'flooding'> & { readonly model?: Labelled },
): number {
  const classes = model?.tail?.labels.map((label) => label.classes) ?? [outputs]
  const order = (k: number): number => classes.reduce((bits, count) => bits + orderBits(count, k), 0)
  return batch * bitsPerImage()

  function bitsPerImage(): number {
    switch (policy.mode) {
      case 'label':
        return order(1)
      case 'top-k':
        return order(policy.k)
      case 'scores':
        return order(1) + outputs * bitsPerScore(flooding, outputs)
    }
  }
}

/** A single output is a yes or a no. */
function orderBits(outputs: number, k: number): number {
  if (outputs === 1) return 1
  let bits = 0
  for (let place = 0; place < Math.min(k, outputs); place++) bits += Math.log2(outputs - place)
  return bits
}

/** What a refusal that depends on the decryption tells: that there was one. */
export const REFUSAL_BITS = 1

/**
 * Bits that may be given away in a key pair's lifetime: one hundredth of the weights at 8 bits, or of a ternary secret key
 * where that is less, because a ciphertext can decrypt to either. `degree` is N of the smallest key that an answer's
 * ciphertext can reach: the smallest of all segments, since a refresh carries what it is given into the next.
 */
export const lifetimeBits = (weights: number, degree: number): number =>
  share * Math.min(8 * weights, degree * Math.log2(3))

/**
 * Bits that an edge gets before an audit catches it, on average, where each job is audited with probability `rate`: it
 * lies 1 / rate times, and all but the last are answered.
 */
export const bitsBeforeCaught = (perAnswer: number, rate: number): number => (perAnswer * (1 - rate)) / rate

/** The smallest rate at which one edge may be caught within the budget. */
export const smallestAuditRate = (perAnswer: number, allowed: number): number => perAnswer / (perAnswer + allowed)

/** Answers that so many bits allow, with no floor. */
export const answersWithin = (bits: number, perAnswer: number): number =>
  Math.max(0, Math.floor(bits / perAnswer + 1e-9))
