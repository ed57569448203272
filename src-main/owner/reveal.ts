import type { RevealPolicy } from '../core/bundle/manifest.ts'
import { UserError } from '../core/errors.ts'
import type { Tail, TailLabel } from '../core/network/tail.ts'
import { isClassifier } from '../core/network/quantities.ts'
import { finishedParts, labelScores } from '../core/normalise/run-tail.ts'
import type { Deployment } from './deployment.ts'
import { flood, refuseFarOutputs } from './flood.ts'
import { tailOf } from './tail-record.ts'
import { present } from '../core/must.ts'

/** What a policy lets out of a decryption. */
export interface Revealed {
  readonly label: number
  /**
   * The outputs are quantities: of one, label 1 says that it is above 0; of several it is the largest, and means nothing.
   */
  readonly isQuantity?: true
  readonly labelName?: string
  /** Labels by falling score; with `top-k` only. */
  readonly top?: readonly number[]
  /** Their names, where the deployment knows them. */
  readonly topNames?: readonly string[]
  /** After the network's last step, flooded and rounded; with `scores` only. */
  readonly scores?: readonly number[]
  /** Of a network with several outputs: each that has a label of its own, or with `scores` all of them. */
  readonly outputs?: readonly RevealedOutput[]
}

export interface RevealedOutput extends Partial<Pick<Revealed, 'label' | 'isQuantity' | 'top' | 'scores'>> {
  readonly name: string
}

/**
 * Applies the policy, then the network's last steps, to exact outputs. A single output is a yes (1) above 0.
 * @throws UserError scores-too-noisy, implausible-result
 */
export function reveal(
  outputs: Float64Array,
  { model, flooding }: Pick<Deployment, 'model' | 'flooding'>,
  policy: RevealPolicy,
): Revealed {
  if (policy.mode === 'scores') refuseFarOutputs(outputs, flooding)
  const tail = model.tail && tailOf(model.tail)
  const labels = tail
    ? labelScores(tail, outputs).map((scores, i) =>
        ranked(scores, policy, model.quantities ?? isNumber(present(tail.labels[i]))),
      )
    : [ranked(outputs, policy, model.quantities ?? (outputs.length === 1 && !isClassifier({ finish: model.finish })))]
  const first = present(labels[0])
  const name = model.labels?.[first.label]
  const scores =
    policy.mode === 'scores'
      ? finishedParts({ finish: model.finish, tail }, flood(outputs, flooding))
      : new Map<string, Float64Array>()
  return {
    ...first,
    ...(name !== undefined && { labelName: name }),
    ...topNames(first.top, model.labels),
    ...(policy.mode === 'scores' && { scores: Array.from(present([...scores.values()][0])) }),
    ...(tail &&
      tail.outputs.length > 1 &&
      (labels.length > 1 || scores.size > 1) && { outputs: parts(tail, labels, scores) }),
  }
}

/** Of several quantities a label is the number of the largest. @throws UserError quantities-have-no-labels */
export function refuseLabels(quantities: true | undefined, policy: RevealPolicy): void {
  if (!quantities || policy.mode === 'scores') return
  throw new UserError('quantities-have-no-labels', 'The outputs are quantities, so there is no label to tell.', {
    hint: '--reveal scores tells the quantities, as often as --releases allowed when the network was protected.',
  })
}

function topNames(top: readonly number[] = [], names: readonly string[] = []): Pick<Revealed, 'topNames'> {
  const known = top.flatMap((label) => names[label] ?? [])
  return top.length > 0 && known.length === top.length ? { topNames: known } : {}
}

function parts(
  { outputs, labels: known }: Tail,
  labels: readonly Ranked[],
  scores: ReadonlyMap<string, Float64Array>,
): RevealedOutput[] {
  return outputs.flatMap((name) => {
    const own = labels[known.findIndex(({ output }) => output === name)]
    const values = scores.get(name)
    return own || values ? [{ name, ...own, ...(values && { scores: Array.from(values) }) }] : []
  })
}

const isNumber = ({ classes, isProbability }: TailLabel): boolean => classes === 1 && !isProbability

type Ranked = Pick<Revealed, 'label' | 'isQuantity' | 'top'>

function ranked(scores: Float64Array, policy: RevealPolicy, isQuantity: boolean): Ranked {
  const yes = Number(present(scores[0]) > 0)
  const order = scores.length === 1 ? [yes, 1 - yes] : byScore(scores)
  return {
    label: present(order[0]),
    ...(isQuantity && { isQuantity }),
    ...(policy.mode === 'top-k' && { top: order.slice(0, policy.k) }),
  }
}

/** Labels, the highest score first. */
const byScore = (scores: Float64Array): number[] =>
  Array.from(scores, (score, label) => ({ score, label }))
    .sort((one, other) => other.score - one.score)
    .map(({ label }) => label)
