import { invariant } from '../errors.ts'
import { must } from '../must.ts'
import { chooseForms } from '../plan/choose-forms.ts'
import type { CostModel } from '../plan/cost-model.ts'
import { estimatePlan } from '../plan/estimate.ts'
import {
  inputLevel,
  type CkksParameters,
  type InputLevel,
  type Instruction,
  type Plan,
  type PlannedNetwork,
  type Register,
  type WeightIndex,
} from '../plan/plan.ts'
import { operandsOf } from '../plan/instruction-table.ts'
import { parametersAtScale } from './parameters.ts'
import { scalesOf, scalesSeen, shapeOf } from './chain-shape.ts'
import { priceOf } from './price.ts'

/** What a plan's scale is in bits: whole, as the planner chooses it. */
export const scaleBitsOf = (plan: Plan): number => scalesSeen(plan).scaleBits

/**
 * The same computation with a smaller scale: smaller primes, and as many special ones in the room that they leave as cost least,
 * by time and by bytes at their price. Undefined where no primes are so small. For plans as planNetwork returns them.
 */
export function atScale(
  network: PlannedNetwork,
  scaleBits: number,
  costs: CostModel,
  msPerMegabyte: number,
): PlannedNetwork | undefined {
  const { plan } = network
  const { polyModulusDegree } = plan.parameters
  const plans = parametersAtScale(polyModulusDegree, shapeOf(plan), scaleBits).map(({ parameters, shape }) =>
    chooseForms(rescaled(plan, parameters, scalesOf(shape)), costs, msPerMegabyte),
  )
  const costOf = (candidate: Plan): number => priceOf(estimatePlan(candidate, costs), msPerMegabyte)
  const [first, ...others] = plans.map((candidate) => ({ plan: candidate, cost: costOf(candidate) }))
  if (!first) return undefined
  return { ...network, plan: others.reduce((best, next) => (next.cost < best.cost ? next : best), first).plan }
}

/** Levels stay; weights get the scales that bring each sum of products, once rescaled, to that of its primes. */
function rescaled(plan: Plan, parameters: CkksParameters, scales: readonly number[]): Plan {
  invariant(
    !plan.expansions && plan.input.mode !== 'handed',
    'a scale is changed before weights are shared or values handed on',
  )
  const { levels, ...input } = plan.input
  const changed: Plan = {
    ...plan,
    parameters,
    input: {
      ...{ ...input, scale: scales[input.primes - 1] },
      ...(levels && { levels: levels.map(({ primes }) => ({ primes, scale: scales[primes - 1] })) }),
    },
    weights: [...plan.weights],
  }
  const weights = new Map<WeightIndex, number>()
  const states = new Map<Register, InputLevel>(
    plan.input.sources.map((_, register) => {
      const { primes, scale } = inputLevel(changed, register)
      return [register, { primes, scale }]
    }),
  )
  for (const instruction of plan.instructions) states.set(instruction.out, after(instruction))
  return { ...changed, weights: plan.weights.map((weight, index) => ({ ...weight, scale: must(weights, index) })) }

  function after(instruction: Instruction): InputLevel {
    const [value] = operandsOf(instruction).map((register) => must(states, register))
    const last = Number(parameters.primes[value.primes - 1])
    switch (instruction.op) {
      case 'multiply-sum':
        instruction.values.forEach((register, k) => {
          weights.set(instruction.weights[k], (scales[value.primes - 2] * last) / must(states, register).scale)
        })
        return { ...value, scale: value.scale * must(weights, instruction.weights[0]) }
      case 'square':
        return { ...value, scale: value.scale * value.scale }
      case 'rescale':
        return { primes: value.primes - 1, scale: value.scale / last }
      case 'add-weight':
        weights.set(instruction.weight, value.scale)
        return value
      case 'mod-switch':
        return { ...value, primes: instruction.primes }
      default:
        return value
    }
  }
}
