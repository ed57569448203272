import { costsWithKeys, type CostModel } from './cost-model.ts'
import { costOf, productsOf } from './instruction-table.ts'
import { keyBytesOf, keySizeOf } from './key-form.ts'
import { multiplicativeDepth } from './multiplicative-depth.ts'
import { inputLevel, weightEntries, type Plan } from './plan.ts'
import { estimateMs } from './schedule.ts'
import { logQPOf, MAX_LOG_QP } from './security.ts'
import { chooseKeys } from './choose-keys.ts'
import { rehearse } from './rehearse.ts'

/** What an edge holds at once: keys and weights as they are evaluated, and the ciphertexts alive. */
export function edgeMemoryOf(plan: Plan, rehearsed = rehearse(plan)): number {
  const { polyModulusDegree: degree } = plan.parameters
  const { relinearisationPrimes, rotationPrimes, peakBytes } = rehearsed
  const keyLevels = [...rotationPrimes.values(), ...(relinearisationPrimes > 0 ? [relinearisationPrimes] : [])]
  const weights = plan.weights.reduce((sum, weight) => sum + 16 * degree * weight.primes, 0)
  const keys = keyLevels.reduce((sum, level) => sum + 16 * degree * keySizeOf(plan.parameters, level), 0)
  return weights + keys + peakBytes
}

/** What a plan will cost, before anything is encrypted; sizes are close, times depend on the machine. */
export interface PlanEstimate {
  readonly polyModulusDegree: number
  readonly logQP: number
  /** The bound for this degree; 0 where no modulus is secure. */
  readonly maxLogQP: number
  /** Rescalings between the input and the result. A postponed squaring shares one with the map behind it. */
  readonly levels: number
  /** Multiplications in a row: `levels`, with postponed squarings counted by themselves. */
  readonly depth: number
  readonly inputs: number
  readonly products: number
  readonly rotations: number
  readonly relinearisations: number
  readonly outputs: number
  readonly bundleBytes: number
  readonly weightBytes: number
  readonly keyBytes: number
  /** Of the ciphertexts that it takes and that it returns. */
  readonly inputBytes: number
  readonly outputBytes: number
  readonly edgeMemoryBytes: number
  /** Weights that the edge expands once when it loads, how many key switches that takes, and seconds on one thread. */
  readonly expandedWeights: number
  readonly expansionRotations: number
  readonly expansionSeconds: number
  /** On one thread and on two. */
  readonly seconds: number
  readonly secondsOnTwoThreads: number
}

export function estimatePlan(plan: Plan, costs: CostModel): PlanEstimate {
  const { polyModulusDegree: degree, primes } = plan.parameters
  const bits = primes.map((prime) => Math.ceil(Math.log2(Number(prime))))
  const packedBytes = (count: number): number => (degree / 8) * bits.slice(0, count).reduce((sum, b) => sum + b, 0)
  const rehearsed = rehearse(plan)
  const { outputs } = rehearsed
  const publicKeyBytes = packedBytes(primes.length)
  const keyBytes = chooseKeys(plan, rehearsed).reduce(
    (sum, { primes: level, relinearisation, steps }) =>
      sum + (steps.length + Number(relinearisation)) * keyBytesOf(plan.parameters, level),
    publicKeyBytes,
  )
  const weightBytes = weightEntries(plan).reduce((sum, entry) => sum + packedBytes(entry.primes), 0)
  const ciphertextBytes = ({ primes }: { readonly primes: number }): number => 16 * degree * primes
  const received = plan.input.sources.map((_, register) => ciphertextBytes(inputLevel(plan, register)))
  const count = (op: string): number =>
    plan.instructions.reduce((sum, instruction) => sum + Number(instruction.op === op), 0)
  return {
    polyModulusDegree: degree,
    logQP: logQPOf(plan.parameters),
    maxLogQP: MAX_LOG_QP.get(degree) ?? 0,
    levels: plan.input.primes - Math.min(...outputs.map(({ primes }) => primes)),
    depth: multiplicativeDepth(plan),
    inputs: plan.input.sources.length,
    products: sum(plan.instructions.map(productsOf)),
    rotations: count('rotate'),
    relinearisations: count('relinearise'),
    outputs: outputs.length,
    bundleBytes: weightBytes + keyBytes,
    weightBytes,
    keyBytes,
    inputBytes: sum(received),
    outputBytes: sum(outputs.map(ciphertextBytes)),
    edgeMemoryBytes: edgeMemoryOf(plan, rehearsed),
    ...expansionCost(plan, costs),
    seconds: estimateMs(plan, costs, 1) / 1000,
    secondsOnTwoThreads: estimateMs(plan, costs, 2) / 1000,
  }
}

function expansionCost(
  plan: Plan,
  costs: CostModel,
): Pick<PlanEstimate, 'expandedWeights' | 'expansionRotations' | 'expansionSeconds'> {
  let expansionMs = 0
  let expansionRotations = 0
  const { expansions = [] } = plan
  for (const { input, instructions } of expansions) {
    const times = costsWithKeys(costs, plan.parameters)
    for (const instruction of instructions) {
      if (instruction.op === 'rotate') expansionRotations += 1
      for (const [primitive, count] of costOf(instruction)) {
        expansionMs += count * times.ms(primitive, plan.parameters.polyModulusDegree, input.primes)
      }
    }
  }
  return {
    expandedWeights: expansions.reduce((count, { results }) => count + results.length, 0),
    expansionRotations,
    expansionSeconds: expansionMs / 1000,
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
