import { must, present } from '../must.ts'
import type { CostModel } from './cost-model.ts'
import { allPrimesOf, digitsOf, keyBytesOf, MAX_FORM_PRIMES, SEAL_FORM, specialPrimesFor } from './key-form.ts'
import { LevelEvaluator, type Level } from './level-evaluator.ts'
import { dataPrimesOf, type CkksParameters, type KeyForm, type Plan } from './plan.ts'
import { rehearse } from './rehearse.ts'
import { runPlan } from './run-plan.ts'

/**
 * Special primes exceed a digit by about so many bits, else the digits' noise is more than rounding's: docs/kernels.md. A chain whose
 * special primes exceed its others by less was found precise enough by simulation.
 */
const mostMarginBits = 2.9

/**
 * For each level the form of its keys that costs least: their bytes at their price, and the time of all the switches they
 * do. A plan with keys of SEAL's form stays as it is.
 */
export function chooseForms(plan: Plan, costs: CostModel, msPerMegabyte: number): Plan {
  return { ...plan, parameters: formsFor(plan.parameters, usesOf(plan), costs, msPerMegabyte) }
}

/** Where nothing is known of a plan: for each level what suits one key. */
export const typicalForms = (parameters: CkksParameters, costs: CostModel, msPerMegabyte: number): CkksParameters =>
  formsFor(parameters, [], costs, msPerMegabyte)

/** Rotations by one step, on an average, of which most share their digits. */
const usesOfKey = [false, true, true]

function formsFor(
  parameters: CkksParameters,
  uses: readonly Use[],
  costs: CostModel,
  msPerMegabyte: number,
): CkksParameters {
  if (!parameters.keySwitching) return parameters
  const forms = Array.from({ length: dataPrimesOf(parameters) }, (_, i) => {
    const level = i + 1
    const known = uses.filter((use) => use.keyLevel === level)
    const typical = usesOfKey.map((hoisted) => ({ keyLevel: level, primes: level, hoisted, key: '' }))
    const served = known.length > 0 ? known : typical
    const keys = new Set(served.map(({ key }) => key)).size
    const costOf = (form: KeyForm): number => {
      const megabytes = (keys * keyBytesOf(withForm(parameters, level, form), level)) / 1e6
      const ms = served.map(({ primes, hoisted }) =>
        costs.hybridMs(form, parameters.polyModulusDegree, primes, hoisted),
      )
      return msPerMegabyte * megabytes + ms.reduce((sum, each) => sum + each, 0)
    }
    return possibleForms(parameters, level).reduce((best, form) => (costOf(form) < costOf(best) ? form : best))
  })
  return { ...parameters, keySwitching: { ...parameters.keySwitching, forms } }
}

/** With any number of special primes that there are, as few digits as these allow, of like length. */
export function possibleForms(parameters: CkksParameters, level: number): KeyForm[] {
  const bits = allPrimesOf(parameters).map((prime) => Math.log2(Number(prime)))
  const bitsOf = (indices: readonly number[]): number => indices.reduce((sum, index) => sum + bits[index], 0)
  const special = specialPrimesFor(parameters, level)
  const largest = Math.max(...bits.slice(0, dataPrimesOf(parameters)))
  const marginBits = Math.min(mostMarginBits, Math.max(0, bits[special[0]] - largest))
  const forms = [SEAL_FORM]
  for (let specialPrimes = 1; specialPrimes <= Math.min(special.length, MAX_FORM_PRIMES); specialPrimes++) {
    const room = bitsOf(special.slice(0, specialPrimes)) - marginBits
    const fits = (digitPrimes: number): boolean =>
      digitsOf({ digitPrimes, specialPrimes }, level).every(
        ([first, end]) => bitsOf(Array.from({ length: end - first }, (_, i) => first + i)) <= room,
      )
    let most = 1
    while (most < Math.min(level, MAX_FORM_PRIMES) && fits(most + 1)) most += 1
    const digits = Math.ceil(level / most)
    const digitPrimes = Math.ceil(level / digits)
    if (fits(digitPrimes)) forms.push({ digitPrimes, specialPrimes })
  }
  return forms
}

function withForm(parameters: CkksParameters, level: number, form: KeyForm): CkksParameters {
  const keySwitching = present(parameters.keySwitching)
  return { ...parameters, keySwitching: { ...keySwitching, forms: keySwitching.forms.with(level - 1, form) } }
}

interface Use {
  readonly key: string
  readonly keyLevel: number
  readonly primes: number
  readonly hoisted: boolean
}

/** Each key switch of the plan. */
function usesOf(plan: Plan): Use[] {
  const { relinearisationPrimes, rotationPrimes } = rehearse(plan)
  const uses: Use[] = []
  class Uses extends LevelEvaluator {
    override relinearise(value: Level): Level {
      uses.push({ key: 'square', keyLevel: relinearisationPrimes, primes: value.primes, hoisted: false })
      return super.relinearise(value)
    }

    override rotate(value: Level, steps: number): Level {
      uses.push({ key: `${steps}`, keyLevel: must(rotationPrimes, steps), primes: value.primes, hoisted: false })
      return super.rotate(value, steps)
    }

    /** The first of them pays for the digits. */
    rotateMany(value: Level, steps: readonly number[]): Level[] {
      return steps.map((step, i) => {
        uses.push({ key: `${step}`, keyLevel: must(rotationPrimes, step), primes: value.primes, hoisted: i > 0 })
        return super.rotate(value, step)
      })
    }
  }
  const evaluator = new Uses(plan)
  runPlan(
    plan,
    evaluator,
    plan.input.sources.map((_, register) => evaluator.input(register)),
  )
  return uses
}
