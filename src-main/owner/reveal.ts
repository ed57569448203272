import type { RevealPolicy } from '../core/bundle/manifest.ts'
import type { Finish } from '../core/network/layer-model.ts'
import type { Deployment } from './deployment.ts'
import { flood, refuseFarOutputs } from './flood.ts'

/** What a policy lets out of a decryption. */
export interface Revealed {
  readonly label: number
  readonly labelName?: string
  /** Labels by falling score; with `top-k` only. */
  readonly top?: readonly number[]
  /** After the network's last step, flooded and rounded; with `scores` only. */
  readonly scores?: readonly number[]
}

/**
 * Applies the policy, then the network's last step, to exact outputs. A single output is a yes (1) above 0.
 * @throws UserError scores-too-noisy, implausible-result
 */
export function reveal(
  outputs: Float64Array,
  { model, flooding }: Pick<Deployment, 'model' | 'flooding'>,
  policy: RevealPolicy,
): Revealed {
  if (policy.mode === 'scores') refuseFarOutputs(outputs, flooding)
  const isYesOrNo = outputs.length === 1
  const yes = Number(outputs[0] > 0)
  const order = isYesOrNo ? [yes, 1 - yes] : Array.from(outputs.keys()).sort((a, b) => outputs[b] - outputs[a])
  const [label] = order
  const name = model.labels?.[label]
  return {
    label,
    ...(name !== undefined && { labelName: name }),
    ...(policy.mode === 'top-k' && { top: order.slice(0, policy.k) }),
    ...(policy.mode === 'scores' && { scores: Array.from(finished(flood(outputs, flooding), model.finish)) }),
  }
}

function finished(outputs: Float64Array, finish: Finish): Float64Array {
  switch (finish) {
    case 'softmax':
      return softmax(outputs)
    case 'log-softmax':
      return softmax(outputs).map(Math.log)
    case 'sigmoid':
      return outputs.map((x) => 1 / (1 + Math.exp(-x)))
    case 'argmax':
    case 'none':
      return outputs
  }
}

function softmax(outputs: Float64Array): Float64Array {
  const largest = Math.max(...outputs)
  const powers = outputs.map((x) => Math.exp(x - largest))
  const sum = powers.reduce((total, x) => total + x, 0)
  return powers.map((x) => x / sum)
}
