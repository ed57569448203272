import type { Primitive } from './level-evaluator.ts'

/**
 * Time of each primitive in milliseconds as a function of degree and primes left. The shapes are the
 * operation counts (a key switch transforms L² + 3L + 2 polynomials); the constants are measured.
 */
export interface CostModel {
  readonly name: string
  /** Threads work on one operation together, not each on its own. */
  readonly sharesOperations: boolean
  /** Price of one weight ciphertext in the bundle. */
  readonly weightMs?: (degree: number, primes: number) => number
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
}

/** Processor times of docs/kernels.md: node-seal 7 in WebAssembly. */
const nodeSeal: Constants = {
  keySwitch: 1.9,
  multiply: 36,
  multiplyPlain: 20,
  rescale: 1.7,
  add: 2.2,
  encrypt: 4,
  hoisted: 1,
}

export const nodeSealCosts: CostModel = fromConstants('node-seal', nodeSeal, false)

/** The same for the kernels; node-seal encrypts for them too. */
const kernels: Constants = {
  keySwitch: 0.41,
  multiply: 3.7,
  multiplyPlain: 2,
  rescale: 0.34,
  add: 1.5,
  encrypt: 4,
  hoisted: 0.5,
  rotatePlain: 2,
}

export const kernelCosts: CostModel = fromConstants('kernels', kernels, true)

/** Bytes of a coefficient of one prime, packed and with its second part as a seed. */
const packedCoefficientBytes = 5
/** Rotations of one plan share keys: distinct steps for each rotation, as measured on LeNet-5. */
const keysPerRotation = 0.3

/** What weights and keys cost besides their time; nothing, unless bytes are valued. */
export const weightPrice = (costs: CostModel, degree: number, primes: number): number =>
  costs.weightMs?.(degree, primes) ?? 0

/** The same times, and a price in milliseconds on every megabyte of bundle: what the search minimises besides. */
export function valuingBytes(costs: CostModel, msPerMegabyte: number): CostModel {
  const megabytes = (coefficients: number): number => (packedCoefficientBytes * coefficients) / 1e6
  return {
    ...costs,
    ms(primitive, degree, primes) {
      const ms = costs.ms(primitive, degree, primes)
      const rotates = primitive === 'rotate' || primitive === 'rotate-hoisted'
      return rotates ? ms + msPerMegabyte * megabytes(keysPerRotation * degree * primes * (primes + 1)) : ms
    },
    weightMs: (degree, primes) => msPerMegabyte * megabytes(degree * primes),
  }
}

function fromConstants(name: string, constants: Constants, sharesOperations: boolean): CostModel {
  return {
    name,
    sharesOperations,
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
