import type { CostModel } from '../plan/cost-model.ts'
import type { Plan } from '../plan/plan.ts'
import { schedulePlan } from '../plan/schedule.ts'
import { logQPOf } from '../plan/security.ts'
import { rehearse } from './rehearse.ts'

/** What a plan will cost, before anything is encrypted; sizes are close, times depend on the machine. */
export interface PlanEstimate {
  readonly polyModulusDegree: number
  readonly logQP: number
  /** Rescalings between the input and the result. */
  readonly levels: number
  readonly inputs: number
  readonly products: number
  readonly rotations: number
  readonly relinearisations: number
  readonly bundleBytes: number
  readonly keyBytes: number
  readonly edgeMemoryBytes: number
  /** On one thread and on two. */
  readonly seconds: number
  readonly secondsOnTwoThreads: number
}

export function estimatePlan(plan: Plan, costs: CostModel): PlanEstimate {
  const { polyModulusDegree: degree, primes } = plan.parameters
  const bits = primes.map((prime) => Math.ceil(Math.log2(Number(prime))))
  const packedBytes = (count: number): number => (degree / 8) * bits.slice(0, count).reduce((sum, b) => sum + b, 0)
  const { relinearisationPrimes, rotationPrimes, peakBytes } = rehearse(plan)
  const keyLevels = [...rotationPrimes.values(), ...(relinearisationPrimes > 0 ? [relinearisationPrimes] : [])]
  const publicKeyBytes = packedBytes(primes.length)
  const keyBytes = keyLevels.reduce(
    (sum, level) => sum + level * (packedBytes(level) + (degree / 8) * bits.at(-1)!),
    publicKeyBytes,
  )
  const weightBytes = plan.weights.reduce((sum, weight) => sum + packedBytes(weight.primes), 0)
  const loadedWeights = plan.weights.reduce((sum, weight) => sum + 16 * degree * weight.primes, 0)
  const loadedKeys = keyLevels.reduce((sum, level) => sum + 16 * degree * level * (level + 1), 0)
  const count = (op: string): number =>
    plan.instructions.reduce((sum, i) => sum + (i.op !== op ? 0 : i.op === 'multiply-sum' ? i.values.length : 1), 0)
  return {
    polyModulusDegree: degree,
    logQP: logQPOf(plan.parameters),
    levels: plan.input.primes - 1,
    inputs: plan.input.sources.length,
    products: count('multiply-sum') + count('square'),
    rotations: count('rotate'),
    relinearisations: count('relinearise'),
    bundleBytes: weightBytes + keyBytes,
    keyBytes,
    edgeMemoryBytes: loadedWeights + loadedKeys + peakBytes,
    seconds: schedulePlan(plan, 1, costs).estimateMs / 1000,
    secondsOnTwoThreads: schedulePlan(plan, 2, costs).estimateMs / 1000,
  }
}
