import { sizeOf } from '../network/layer-model.ts'
import { isPrime } from '../numeric/primes.ts'
import { allPrimesOf, digitsOf, specialPrimesFor } from './key-form.ts'
import { dataPrimesOf, type CkksParameters, type Plan, type Register, type WeightIndex } from './plan.ts'
import { faultOf, operandsOf, weightsOf } from './instruction-table.ts'
import { checkExpansions } from './check-expansions.ts'
import { damagedBundle } from './damaged-bundle.ts'
import { rehearse } from './rehearse.ts'

/** What one SEAL instance can hold beside keys and weights. */
const maxLiveBytes = 3 * 2 ** 30

/**
 * Checks what the types cannot say, so that a hostile plan is refused before anything is allocated for it:
 * registers are written once and before they are read; weights, levels and steps exist; layers follow each
 * other; packings are complete; levels and scales match; the values alive at once fit one SEAL instance.
 * @throws UserError damaged-bundle
 */
export function checkPlan(plan: Plan): void {
  const refuse = (reason: string): never => {
    throw damagedBundle(`its plan ${reason}`)
  }
  const levels = dataPrimesOf(plan.parameters)
  checkPrimes(plan.parameters, refuse)
  const { input, output } = plan
  if (input.levels && input.levels.length !== input.sources.length) refuse('has inputs without a level')
  if ([input, ...(input.levels ?? [])].some(({ primes }) => primes > Math.min(levels, input.primes))) {
    refuse('has an input above the modulus chain')
  }
  if (input.mode === 'handed' && input.sources.some(({ length }) => length > 0)) refuse('packs what it is handed')
  if (plan.weights.some(({ primes }) => primes > levels)) refuse('has a weight above the modulus chain')

  checkExpansions(plan, refuse)

  const written = new Set<Register>(plan.input.sources.keys())
  const known = (registers: readonly Register[]): boolean => registers.every((register) => written.has(register))
  let layer = 0
  plan.instructions.forEach((instruction, index) => {
    if (!known(operandsOf(instruction))) refuse('reads a register before it is written')
    if (written.has(instruction.out)) refuse('writes a register twice')
    written.add(instruction.out)
    const exists = (weight: WeightIndex): boolean => weight < plan.weights.length
    if (!weightsOf(instruction).every(exists)) refuse('uses a weight that does not exist')
    const fault = faultOf(instruction, plan)
    if (fault !== undefined) refuse(fault)
    if (plan.layers[layer]?.end === index + 1) {
      if (!known(plan.layers[layer].result)) refuse('has a layer without result')
      layer += 1
    }
  })
  let end = 0
  for (const planned of plan.layers) {
    if (planned.first !== end || planned.end <= planned.first) refuse('has layers that do not follow each other')
    if (planned.packing.positions.length !== plan.batch * sizeOf(planned.packing.shape))
      refuse('has an incomplete packing')
    end = planned.end
  }
  if (end > plan.instructions.length) refuse('has a layer beyond its instructions')
  if (!known(plan.output.registers)) refuse('has no output')
  const outputs = output.handed ? 0 : plan.batch * sizeOf(output.shape)
  if (output.positions.length !== outputs) refuse('has an incomplete output')
  refuseUnlessRehearsed(plan)
}

/** Numbers that are none of the ring's primes would keep whoever looks for their roots of unity waiting for ever. */
function checkPrimes(parameters: CkksParameters, refuse: (reason: string) => never): void {
  const { polyModulusDegree, keySwitching } = parameters
  const primes = allPrimesOf(parameters)
  if (new Set(primes).size !== primes.length) refuse('repeats a prime')
  const fits = (prime: bigint): boolean => prime % BigInt(2 * polyModulusDegree) === 1n && isPrime(prime)
  if (!primes.map(BigInt).every(fits)) refuse('has a modulus that is not a prime of its ring')
  if (!keySwitching) return
  const { forms } = keySwitching
  if (forms.length !== dataPrimesOf(parameters)) refuse('does not say the form of each level’s keys')
  forms.forEach((form, i) => {
    const level = i + 1
    const special = specialPrimesFor(parameters, level)
    if (form.specialPrimes > special.length) refuse('has keys with more special primes than there are')
    const product = (indices: readonly number[]): bigint =>
      indices.reduce((all, index) => all * BigInt(primes[index]), 1n)
    const largest = product(special.slice(0, form.specialPrimes))
    const digits = digitsOf(form, level).map(([first, end]) =>
      product(Array.from({ length: end - first }, (_, k) => first + k)),
    )
    if (digits.some((digit) => digit > largest)) refuse('has keys whose special primes are smaller than a digit')
  })
}

function refuseUnlessRehearsed(plan: Plan): void {
  const inputBytes = 16 * plan.input.sources.length * plan.input.primes * plan.parameters.polyModulusDegree
  let peakBytes: number
  try {
    peakBytes = inputBytes + rehearse(plan).peakBytes
  } catch (error) {
    throw damagedBundle(`its plan cannot be run: ${(error as Error).message}`, error)
  }
  if (peakBytes > maxLiveBytes) throw damagedBundle('its plan needs more memory than there is')
}
