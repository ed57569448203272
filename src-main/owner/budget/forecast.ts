import type { LayerModel } from '../../core/network/layer-model.ts'
import { areQuantities } from '../../core/network/quantities.ts'
import { answersWithin, bitsBeforeCaught, bitsPerAnswer, lifetimeBits } from './bits.ts'

/** What a deployment may give away, before it is exported. */
export interface BudgetForecast {
  readonly bitsAllowed: number
  /** Without audits; scores depend on noise that is measured at export. None of quantities, which no label tells. */
  readonly answers: readonly {
    readonly reveal: 'label' | 'top-k'
    readonly bitsPerAnswer: number
    readonly answers: number
    /** With audits at these rates: bits that an edge gets before it is caught, on average. */
    readonly audited: readonly { readonly rate: number; readonly bitsBeforeCaught: number }[]
  }[]
}

interface Answering {
  readonly outputs: number
  readonly batch: number
  readonly model?: LayerModel
  readonly k?: number
}

/** Rates that are offered. */
export const AUDIT_RATES = [0.02, 0.05, 0.1, 0.25] as const

/** `k` is that of `top-k`; `degree` that of the smallest key; `model` says what labels there are. */
export function forecastBudget(
  weights: number,
  degree: number,
  { outputs, batch, model, k = 3 }: Answering,
): BudgetForecast {
  const bitsAllowed = lifetimeBits(weights, degree)
  const flooding = { noise: 1, spread: 0, releases: 1, statisticalBits: 30 }
  const policies = model && areQuantities(model) ? [] : ([{ mode: 'label' }, { mode: 'top-k', k }] as const)
  return {
    bitsAllowed,
    answers: policies.map((policy) => {
      const bits = bitsPerAnswer(policy, { outputs, batch, flooding, ...(model && { model }) })
      return {
        reveal: policy.mode,
        bitsPerAnswer: bits,
        answers: answersWithin(bitsAllowed, bits),
        audited: AUDIT_RATES.map((rate) => ({ rate, bitsBeforeCaught: bitsBeforeCaught(bits, rate) })),
      }
    }),
  }
}
