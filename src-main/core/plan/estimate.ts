import { costsWithKeys, type CostModel } from './cost-model.ts'
import { costOf, productsOf } from './instruction-table.ts'
import { bitLength } from '../numeric/primes.ts'
import { allPrimesOf, keyBytesOf, keyChainOf, keyFormOf } from './key-form.ts'
import { multiplicativeDepth } from './multiplicative-depth.ts'
import { inputLevel, weightEntries, type Plan } from './plan.ts'
import { placeWeights } from './place-weights.ts'
import { estimateMs } from './schedule.ts'
import { logQPOf, MAX_LOG_QP } from './security.ts'
import { chooseKeys } from './choose-keys.ts'
import { rehearse, type RehearsalReport } from './rehearse.ts'

/** What an edge's kernels hold at once: keys and weights in whole bytes of each residue, inputs, and the ciphertexts alive. */
export function edgeMemoryOf(plan: Plan, rehearsed = rehearse(plan)): number {
  return sum(weightSizes(plan)) + keysInMemory(plan, rehearsed) + receivedBytes(plan) + rehearsed.peakBytes
}

/** The same where weights come and go with their layers, as under `--memory`: what is expanded is then expanded for every input. */
export function leastEdgeMemoryOf(plan: Plan, rehearsed = rehearse(plan)): number {
  const { peakBytes, expansionBytes } = rehearsed
  const { end: weights } = placeWeights(plan, weightSizes(plan), 0, 0)
  return weights + keysInMemory(plan, rehearsed) + receivedBytes(plan) + peakBytes + expansionBytes
}

const bytesOfResidue = (prime: string): number => Math.ceil(bitLength(prime) / 8)

function weightSizes({ parameters, weights }: Plan): number[] {
  const { polyModulusDegree, primes } = parameters
  return weights.map((weight) => 2 * polyModulusDegree * sum(primes.slice(0, weight.primes).map(bytesOfResidue)))
}

function keysInMemory({ parameters }: Plan, { relinearisationPrimes, rotationPrimes }: RehearsalReport): number {
  const all = allPrimesOf(parameters)
  const levels = [...rotationPrimes.values(), ...(relinearisationPrimes > 0 ? [relinearisationPrimes] : [])]
  return sum(
    levels.map((level) => {
      const digit = sum(keyChainOf(parameters, level).map((index) => bytesOfResidue(all[index])))
      return Math.ceil(level / keyFormOf(parameters, level).digitPrimes) * 2 * parameters.polyModulusDegree * digit
    }),
  )
}

/** Of one ciphertext in memory. */
const ciphertextBytes = ({ parameters }: Plan, primes: number): number => 16 * parameters.polyModulusDegree * primes

const receivedBytes = (plan: Plan): number =>
  sum(plan.input.sources.map((_, register) => ciphertextBytes(plan, inputLevel(plan, register).primes)))

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
  /** Of the ciphertexts that it takes and that it returns, as files hold them. */
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

/**
 * What the plan costs with keys and weights as a bundle holds them (bytes, packed, seeds in place of second parts), by the times of `costs`
 * (seconds). A plan that does not fit its chain is our bug.
 * @throws InternalError
 */
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
    inputBytes: sum(plan.input.sources.map((_, register) => 2 * packedBytes(inputLevel(plan, register).primes))),
    outputBytes: sum(outputs.map(({ primes }) => 2 * packedBytes(primes))),
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
