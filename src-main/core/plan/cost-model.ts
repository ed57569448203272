import { digitsOf, keyFormOf, keySizeOf } from './key-form.ts'
import type { Primitive } from './level-evaluator.ts'
import type { CkksParameters, KeyForm } from './plan.ts'

/**
 * Time of each primitive in milliseconds as a function of degree and primes left. The shapes are the
 * operation counts (a key switch transforms L² + 3L + 2 polynomials); the constants are measured.
 */
export interface CostModel {
  readonly name: string
  /** Threads work on one operation together, not each on its own. */
  readonly sharesOperations: boolean
  /** One hybrid key switch of a value; `hoisted` shares its digits with others. */
  readonly hybridMs: (form: KeyForm, degree: number, primes: number, hoisted: boolean) => number
  /** Price of one weight ciphertext in the bundle. */
  readonly weightMs?: (degree: number, primes: number) => number
  /** Price of one rotation key, where keys may be left out. */
  readonly keyMs?: (degree: number, primes: number) => number
  readonly ms: (
    primitive: Primitive | 'encrypt' | 'encode' | 'rotate-plain' | 'rotate-hoisted',
    degree: number,
    primes: number,
  ) => number
}

/** Nanoseconds per unit of the shape below. */
interface Constants {
  readonly keySwitch: number
  readonly multiply: number
  readonly multiplyPlain: number
  readonly rescale: number
  readonly add: number
  readonly encrypt: number
  /** A hoisted rotation's share of a full one. */
  readonly hoisted: number
  /** For an encoded plaintext; absent where it is encoded again. */
  readonly rotatePlain?: number
  readonly hybrid: HybridConstants
}

/** Of hybrid key switching: a transform, and a product of digit and key or of a conversion, per coefficient. */
interface HybridConstants {
  readonly transform: number
  readonly product: number
  readonly conversion: number
}

/**
 * Processor times of node-seal 7 in WebAssembly, medians of 15 rounds of `node test/bench/kernels.ts` on 22 November 2026, 2 cores with AVX2,
 * shared with other work; of `hybrid`, on 29 November (docs/kernels.md).
 */
const nodeSeal: Constants = {
  keySwitch: 1.9,
  multiply: 36,
  multiplyPlain: 20,
  rescale: 1.7,
  add: 2.2,
  encrypt: 4,
  hoisted: 1,
  // In plain numbers: core/plan/switch-keys.ts.
  hybrid: { transform: 8, product: 15, conversion: 15 },
}

export const nodeSealCosts: CostModel = fromConstants('node-seal', nodeSeal, false)

/** The same for the kernels, in the same runs. Their `encrypt` has the hash in it that receipts name an input ciphertext by. */
const kernels: Constants = {
  keySwitch: 0.41,
  multiply: 3.7,
  multiplyPlain: 2,
  rescale: 0.34,
  add: 1.5,
  encrypt: 0.75,
  hoisted: 0.5,
  rotatePlain: 2,
  hybrid: { transform: 0.26, product: 0.5, conversion: 0.75 },
}

export const kernelCosts: CostModel = fromConstants('kernels', kernels, true)

/** Where the owner encrypts the input, with node-seal, and sends it. */
export const encryptedByOwner = (costs: CostModel): CostModel => ({
  ...costs,
  ms: (primitive, degree, primes) => (primitive === 'encrypt' ? nodeSealCosts : costs).ms(primitive, degree, primes),
})

/** The same times, for a plan whose keys have the forms of its parameters. */
export function costsWithKeys(costs: CostModel, parameters: CkksParameters): CostModel {
  if (!parameters.keySwitching) return costs
  return {
    ...costs,
    ms(primitive, degree, primes) {
      const form = keyFormOf(parameters, primes)
      if (primitive === 'rotate-hoisted') return costs.hybridMs(form, degree, primes, true)
      const switches = primitive === 'rotate' || primitive === 'relinearise'
      return switches ? costs.hybridMs(form, degree, primes, false) : costs.ms(primitive, degree, primes)
    },
  }
}

/** Bytes of a coefficient of one prime, packed and with its second part as a seed. */
const packedCoefficientBytes = 5
/** Bytes of a coefficient of one prime in a ciphertext that is sent, both parts. */
const sentCoefficientBytes = 16
/** Rotations of one plan share keys: distinct steps for each rotation, as measured on LeNet-5. */
const keysPerRotation = 0.3

/** What weights and keys cost besides their time; nothing, unless bytes are valued. */
export const weightPrice = (costs: CostModel, degree: number, primes: number): number =>
  costs.weightMs?.(degree, primes) ?? 0

/**
 * The same times, and a price in milliseconds on every megabyte of bundle and of an encrypted input: what the search minimises. Keys have the
 * forms of the parameters, where these are given.
 */
export function valuingBytes(costs: CostModel, msPerMegabyte: number, parameters?: CkksParameters): CostModel {
  const megabytes = (coefficients: number): number => (packedCoefficientBytes * coefficients) / 1e6
  const keySize = (primes: number): number => (parameters ? keySizeOf(parameters, primes) : primes * (primes + 1))
  const times = parameters ? costsWithKeys(costs, parameters) : costs
  return {
    ...costs,
    ms(primitive, degree, primes) {
      const ms = times.ms(primitive, degree, primes)
      // An encrypted input travels to the edge, or is held and hashed there, for every answer.
      if (primitive === 'encrypt') return ms + (msPerMegabyte * sentCoefficientBytes * degree * primes) / 1e6
      const rotates = primitive === 'rotate' || primitive === 'rotate-hoisted'
      return rotates ? ms + msPerMegabyte * megabytes(keysPerRotation * degree * keySize(primes)) : ms
    },
    weightMs: (degree, primes) => msPerMegabyte * megabytes(degree * primes),
    keyMs: (degree, primes) => msPerMegabyte * megabytes(degree * keySize(primes)),
  }
}

function fromConstants(name: string, constants: Constants, sharesOperations: boolean): CostModel {
  return {
    name,
    sharesOperations,
    hybridMs: (form, degree, primes, hoisted) => hybridNs(constants.hybrid, form, degree, primes, hoisted) / 1e6,
    ms(primitive, degree, primes) {
      const coefficients = degree * primes
      const transform = degree * Math.log2(degree)
      const keySwitch = constants.keySwitch * transform * (primes * primes + 3 * primes + 2)
      switch (primitive) {
        case 'multiply':
          return (constants.multiply * coefficients) / 1e6
        case 'square':
          return (0.8 * constants.multiply * coefficients) / 1e6
        case 'multiply-plain':
          return (constants.multiplyPlain * coefficients) / 1e6
        case 'relinearise':
        case 'rotate':
          return keySwitch / 1e6
        case 'rotate-hoisted':
          return (constants.hoisted * keySwitch) / 1e6
        case 'rescale':
          return (constants.rescale * transform * 2 * primes) / 1e6
        case 'add':
          return (constants.add * coefficients) / 1e6
        case 'encrypt':
          return (constants.encrypt * transform * 3 * (primes + 1)) / 1e6
        case 'encode':
          return (constants.encrypt * transform * primes) / 1e6
        case 'rotate-plain':
          return ((constants.rotatePlain ?? constants.encrypt * Math.log2(degree)) * coefficients) / 1e6
      }
    },
  }
}

/** Counts of docs/kernels.md. */
function hybridNs(constants: HybridConstants, form: KeyForm, degree: number, primes: number, hoisted: boolean): number {
  const digits = digitsOf(form, primes)
  const special = form.specialPrimes
  const chain = primes + special
  const raised = digits.reduce((sum, [first, end]) => sum + chain - (end - first), 0)
  const raising = digits.reduce((sum, [first, end]) => sum + (end - first > 1 ? (end - first) * chain : 0), 0)
  const transforms = 2 * (special + primes) + (hoisted ? 0 : primes + raised)
  const conversions = (special > 1 ? 2 * primes * (special + 1) : 0) + (hoisted ? 0 : raising)
  const products = 2 * digits.length * chain
  const { transform, product, conversion } = constants
  return degree * (transform * Math.log2(degree) * transforms + conversion * conversions + product * products)
}
